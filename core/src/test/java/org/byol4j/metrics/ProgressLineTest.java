package org.byol4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Test
  void plainLinesComeAtIntervalsAndAtTheEnd() {
    ProgressLine progress = new ProgressLine(out, false, 4, 2, 10);
    progress.show(entry(0, 20_000));
    progress.show(entry(1, 21_000));
    progress.show(entry(2, 31_000));
    progress.show(entry(3, 31_500));
    assertThat(text().lines())
        .satisfiesExactly(
            line -> assertThat(line).startsWith("step 1/4  epoch 0.50  "),
            line -> assertThat(line).startsWith("step 3/4  epoch 1.50  "),
            line -> assertThat(line).startsWith("step 4/4  epoch 2.00  "));
  }

  @Test
  void theRateAndTheTimeLeftCountFromTheFirstStepThatWasShown() {
    ProgressLine progress = new ProgressLine(out, false, 100, 10, 10);
    progress.show(entry(49, 100_000));
    // 10 steps of 10 images in 20 s, 40 steps left
    progress.show(entry(59, 120_000));
    assertThat(text().lines().skip(1))
        .singleElement()
        .asString()
        .contains("  5.0 img/s  ")
        .endsWith("ETA 0:01:20");
  }

  @Test
  void theFirstStepWarmsUpAndForetellsNothing() {
    ProgressLine progress = new ProgressLine(out, false, 100, 10, 10);
    progress.show(entry(49, 100_000));
    assertThat(text())
        .startsWith("step 50/100  epoch 5.00  loss ")
        .doesNotContain("img/s")
        .doesNotContain("ETA");
    progress.show(entry(50, 120_000));
    assertThat(text().lines().skip(1))
        .singleElement()
        .asString()
        .contains("  0.5 img/s  ")
        .endsWith("ETA 0:16:20");
  }

  @Test
  void aTerminalSeesOneLineThatChanges() {
    ProgressLine progress = new ProgressLine(out, true, 2, 2, 10);
    progress.show(entry(0, 20_000));
    progress.show(entry(1, 20_001));
    assertThat(text()).startsWith("\rstep 1/2").contains("\rstep 2/2").endsWith("\n");
    assertThat(text().chars().filter(c -> c == 10)).hasSize(1);
  }

  private String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static StepRecord entry(long step, long timeMs) {
    return StepRecords.of(step, OptionalDouble.empty(), 10, timeMs);
  }
}
