package org.byol4j.collective.tcp;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;

/** Says which connections were dropped and why, at most once a second. */
final class StrayLog {
  private static final Logger LOG = System.getLogger(StrayLog.class.getName());
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private long saidNanos;
  private boolean hasSaid;
  private long unsaid;

  void dropped(String from, String why, long nowNanos) {
    if (hasSaid && nowNanos - saidNanos < PAUSE_NANOS) {
      unsaid++;
      return;
    }
    LOG.log(
        Level.WARNING,
        "dropped a connection: from=%s reason=%s unsaid=%d".formatted(from, why, unsaid));
    hasSaid = true;
    saidNanos = nowNanos;
    unsaid = 0;
  }
}
