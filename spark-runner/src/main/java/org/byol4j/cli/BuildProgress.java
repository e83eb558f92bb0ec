package org.byol4j.cli;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.byol4j.data.StoreProgress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A line now and then while a store of images is built. */
final class BuildProgress implements StoreProgress {
  private static final Logger LOG = LoggerFactory.getLogger(BuildProgress.class);
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(5);

  private final Clock clock;
  private Instant next;

  BuildProgress(Clock clock) {
    this.clock = clock;
    this.next = clock.instant().plus(BETWEEN_LINES);
  }

  @Override
  public void settled(long done, long total) {
    Instant now = clock.instant();
    if (now.isAfter(next)) {
      next = now.plus(BETWEEN_LINES);
      LOG.info("checking images: {} of {}", done, total < 0 ? "an archive" : total);
    }
  }
}
