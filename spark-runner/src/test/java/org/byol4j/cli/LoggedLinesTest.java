package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** What {@code bin/byol4j} shows of Spark's log, in a process of its own. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class LoggedLinesTest {
  /** Logs as Spark does, where a master does not answer and where it refuses to start. */
  static final class Logging {
    public static void main(String[] arguments) {
      IOException cause = new IOException("no connection", new UnknownHostException("nohost"));
      LoggerFactory.getLogger("org.apache.spark.deploy.client.StandaloneAppClient")
          .warn("Failed to connect to master", new IllegalStateException("awaited", cause));
      LoggerFactory.getLogger("org.apache.spark.SparkContext")
          .error("Error initializing SparkContext.", new IllegalStateException("refused"));
      LoggerFactory.getLogger("org.apache.spark.SparkContext").warn("something else");
    }
  }

  @Test
  void eventIsOneLineThatEndsWithWhatLiesAtTheBottomOfItsException() throws Exception {
    assertThat(logged().lines().map(line -> line.replaceFirst("^\\d\\d:\\d\\d:\\d\\d ", "")))
        .containsExactly(
            "WARN Failed to connect to master: java.net.UnknownHostException: nohost",
            "WARN something else");
  }

  @Test
  void tracesOfExceptionsAreThereForThoseWhoAsk() throws Exception {
    assertThat(logged("-Dbyol4j.logged-trace=full"))
        .contains("\tat " + Logging.class.getName() + ".main")
        .contains("Wrapped by: java.lang.IllegalStateException: awaited");
  }

  private static String logged(String... options) throws InterruptedException {
    List<String> command = new ArrayList<>(List.of(Child.java()));
    command.addAll(List.of(options));
    command.add("-Dlog4j2.configurationFile=byol4j-log4j2.properties");
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Logging.class.getName()));
    try (Child child = Child.of(Map.of(), command)) {
      assertThat(child.exitCode()).as(child.output()).isZero();
      return child.output();
    }
  }
}
