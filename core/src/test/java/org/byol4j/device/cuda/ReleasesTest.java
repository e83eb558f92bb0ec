package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReleasesTest {
  private final List<String> released = new ArrayList<>();
  private final Releases releases = new Releases();

  private void add(String name, boolean fails) {
    releases.add(
        () -> {
          released.add(name);
          if (fails) {
            throw new IllegalStateException(name);
          }
        });
  }

  @Test
  void everythingIsReleasedOnceFromTheLastOnWhateverFails() {
    add("first", true);
    add("second", false);
    add("third", true);

    assertThatThrownBy(releases::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("third")
        .satisfies(thrown -> assertThat(thrown.getSuppressed()).hasSize(1));
    releases.run();

    assertThat(released).containsExactly("third", "second", "first");
  }

  @Test
  void causeIsToldRatherThanWhatCannotBeReleased() {
    add("first", true);
    IllegalArgumentException cause = new IllegalArgumentException("cause");

    releases.runAfter(cause);

    assertThat(cause.getSuppressed())
        .singleElement()
        .hasToString(new IllegalStateException("first").toString());
  }
}
