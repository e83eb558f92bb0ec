package org.byol4j.cli;

import java.io.PrintStream;
import org.byol4j.metrics.ProgressLine;
import org.byol4j.metrics.StepRecord;
import org.byol4j.train.RunObserver;

/**
 * Shows a run to a person: the progress, and what else there is to say.
 *
 * <p>Told of the begin first, by one thread at a time.
 */
final class ConsoleObserver implements RunObserver {
  private static final String CLEAR_LINE = "\r\u001b[K";

  private final PrintStream out;
  private final boolean isTerminal;
  private final int batchSize;
  private ProgressLine progress;

  /**
   * @param isTerminal whether a line can be written over
   * @param batchSize images per step
   */
  ConsoleObserver(PrintStream out, boolean isTerminal, int batchSize) {
    this.out = out;
    this.isTerminal = isTerminal;
    this.batchSize = batchSize;
    this.progress = new ProgressLine(out, isTerminal, 0, 1, batchSize);
  }

  /** The one that shows a run on standard error, as {@code bin/byol4j} found that. */
  static ConsoleObserver onStandardError(int batchSize) {
    return new ConsoleObserver(System.err, Boolean.getBoolean("byol4j.terminal"), batchSize);
  }

  @Override
  public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {
    says(
        "steps %d to %d, %d an epoch, %d images each"
            .formatted(firstStep, totalSteps, stepsPerEpoch, batchSize));
    progress = new ProgressLine(out, isTerminal, totalSteps, stepsPerEpoch, batchSize);
  }

  @Override
  public void stepDone(StepRecord entry) {
    progress.show(entry);
  }

  @Override
  public void says(String message) {
    out.println((isTerminal ? CLEAR_LINE : "") + message);
  }
}
