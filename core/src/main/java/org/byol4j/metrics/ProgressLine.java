package org.byol4j.metrics;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/**
 * Tells a person how far a run is: on a terminal one line that changes, elsewhere a plain line
 * every now and then.
 */
public final class ProgressLine {
  private static final long TERMINAL_INTERVAL_MS = 200;
  private static final long PLAIN_INTERVAL_MS = 10_000;

  private final PrintStream out;
  private final boolean isTerminal;
  private final long totalSteps;
  private final int stepsPerEpoch;
  private final int batchSize;
  private long lastShownMs;
  private long firstMs;
  private long firstStep = -1;

  /**
   * A line that has shown nothing yet.
   *
   * @param out where it is written; stays open
   * @param isTerminal whether a line can be written over: it changes at most every 200 ms then,
   *     else there is a new one at most every 10 s
   * @param totalSteps how many optimizer steps the run has, those before a resume included
   * @param stepsPerEpoch at least 1
   * @param batchSize images per step, over all replicas
   */
  public ProgressLine(
      PrintStream out, boolean isTerminal, long totalSteps, int stepsPerEpoch, int batchSize) {
    this.out = out;
    this.isTerminal = isTerminal;
    this.totalSteps = totalSteps;
    this.stepsPerEpoch = stepsPerEpoch;
    this.batchSize = batchSize;
  }

  /**
   * Shows a step that is done, if it is time to or if it is the last one. The time is that of the
   * record; steps come in rising order, from one thread at a time. Speed and time left count from
   * the end of the first, whose line has neither.
   */
  public void show(StepRecord entry) {
    long now = entry.timing().timeMs();
    if (firstStep < 0) {
      firstStep = entry.step();
      firstMs = now;
    }
    boolean isLast = entry.step() + 1 == totalSteps;
    boolean isDue = now - lastShownMs >= (isTerminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS);
    if (!isDue && !isLast) {
      return;
    }
    lastShownMs = now;
    if (isTerminal) {
      out.print("\r" + line(entry, now) + "\u001b[K" + (isLast ? "\n" : ""));
      out.flush();
    } else {
      out.println(line(entry, now));
    }
  }

  private String line(StepRecord entry, long now) {
    // the first step warms up: its own time says nothing of those that follow
    boolean isTimed = entry.step() > firstStep && now > firstMs;
    double imagesPerSecond =
        isTimed ? (entry.step() - firstStep) * (double) batchSize * 1e3 / (now - firstMs) : 0;
    return String.format(
        Locale.ROOT,
        "step %d/%d  epoch %.2f%s  loss %.4f  lr %.4f  tau %.4f  std %.4f%s",
        entry.step() + 1,
        totalSteps,
        (double) (entry.step() + 1) / stepsPerEpoch,
        isTimed ? String.format(Locale.ROOT, "  %.1f img/s", imagesPerSecond) : "",
        entry.loss(),
        entry.learningRate(),
        entry.targetDecay(),
        entry.featureStd(),
        isTimed ? "  ETA " + remaining(entry, imagesPerSecond) : "");
  }

  private String remaining(StepRecord entry, double imagesPerSecond) {
    double images = (double) (totalSteps - entry.step() - 1) * batchSize;
    Duration left = Duration.ofSeconds(Math.round(images / imagesPerSecond));
    return "%d:%02d:%02d".formatted(left.toHours(), left.toMinutesPart(), left.toSecondsPart());
  }
}
