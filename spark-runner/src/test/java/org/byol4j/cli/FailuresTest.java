package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import org.byol4j.config.ConfigurationException;
import org.byol4j.config.Fault;
import org.junit.jupiter.api.Test;

/** Which failure ends with which exit code, and how much is said of it. */
class FailuresTest {
  private final StringWriter err = new StringWriter();

  @Test
  void configurationIsTheUsersAndOneLineAFault() {
    Fault fault = new Fault("a.b", "1", "is not a key", "x.conf: 1", "");

    assertThat(code(new ConfigurationException(List.of(fault, fault)))).isEqualTo(64);
    assertThat(err.toString().lines())
        .containsExactly(
            "byol4j: a.b=1 is not a key (x.conf: 1)", "byol4j: a.b=1 is not a key (x.conf: 1)");
  }

  @Test
  void missingFileIsOfTheDataAndNamed() {
    assertThat(code(new UncheckedIOException(new NoSuchFileException("/a/b")))).isEqualTo(65);
    assertThat(err).hasToString("byol4j: /a/b does not exist\n");
  }

  @Test
  void fullDiskAndFolderThatIsNotWritableAreWorthRetrying() {
    assertThat(code(new IOException("No space left on device"))).isEqualTo(75);
    assertThat(code(new AccessDeniedException("/a/b"))).isEqualTo(75);
    assertThat(err.toString().lines())
        .containsExactly(
            "byol4j: java.io.IOException: No space left on device",
            "byol4j: java.nio.file.AccessDeniedException: /a/b");
  }

  @Test
  void everythingElseIsOursAndHasItsStackTrace() {
    assertThat(code(new IllegalStateException("step=3 went wrong"))).isEqualTo(70);
    assertThat(err.toString())
        .startsWith("byol4j: step=3 went wrong\n")
        .contains("everythingElseIsOursAndHasItsStackTrace");
  }

  @Test
  void tracingShowsTheStackTraceOfAnyFailure() {
    int code = new Failures(true).tell(new NoSuchFileException("/a/b"), new PrintWriter(err));

    assertThat(code).isEqualTo(65);
    assertThat(err.toString()).contains("tracingShowsTheStackTraceOfAnyFailure");
  }

  private int code(Throwable failure) {
    return new Failures(false).tell(failure, new PrintWriter(err));
  }
}
