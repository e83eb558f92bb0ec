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
   * record; steps come in rising order, from one thread at a time.
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
    return String.format(
        Locale.ROOT,
        "step %d/%d  epoch %.2f  %.1f img/s  loss %.4f  lr %.4f  tau %.4f  std %.4f  ETA %s",
        entry.step() + 1,
        totalSteps,
        (double) (entry.step() + 1) / stepsPerEpoch,
        imagesPerSecond(entry, now),
        entry.loss(),
        entry.learningRate(),
        entry.targetDecay(),
        entry.featureStd(),
        remaining(entry, now));
  }

  /** Over everything since the first step that was shown; of a single step, its own. */
  private double imagesPerSecond(StepRecord entry, long now) {
    long steps = entry.step() - firstStep;
    return steps == 0 || now == firstMs
        ? entry.timing().imagesPerSecond()
        : steps * (double) batchSize * 1e3 / (now - firstMs);
  }

  private String remaining(StepRecord entry, long now) {
    double images = (double) (totalSteps - entry.step() - 1) * batchSize;
    Duration left = Duration.ofSeconds(Math.round(images / imagesPerSecond(entry, now)));
    return "%d:%02d:%02d".formatted(left.toHours(), left.toMinutesPart(), left.toSecondsPart());
  }
}
