package org.byol4j.cli;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CancellationException;
import org.byol4j.data.StoreProgress;
import org.byol4j.train.StopSignal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A line now and then while a store of images is built; ends the build when asked to stop. */
final class BuildProgress implements StoreProgress {
  private static final Logger LOG = LoggerFactory.getLogger(BuildProgress.class);
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(5);

  private final Clock clock;
  private final StopSignal stop;
  private Instant next;

  BuildProgress(Clock clock, StopSignal stop) {
    this.clock = clock;
    this.stop = stop;
    this.next = clock.instant().plus(BETWEEN_LINES);
  }

  /**
   * {@inheritDoc}
   *
   * @throws CancellationException if a stop was requested
   */
  @Override
  public void settled(long done, long total) {
    if (stop.isRequested()) {
      throw new CancellationException("stopped while checking images: done=" + done);
    }
    Instant now = clock.instant();
    if (now.isAfter(next)) {
      next = now.plus(BETWEEN_LINES);
      LOG.info("checking images: {} of {}", done, total < 0 ? "an archive" : total);
    }
  }
}
