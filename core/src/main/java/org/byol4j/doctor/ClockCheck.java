package org.byol4j.doctor;

import java.time.Duration;
import java.time.Instant;

/** Whether this machine's clock can be right, and agrees with another's. */
final class ClockCheck {
  /** Nothing of this was written before. */
  private static final Instant EARLIEST = Instant.parse("2025-01-01T00:00:00Z");

  private static final String ADVICE =
      "have the machine keep time (chrony, ntpd): leases, certificates and metrics go by its clock";

  private ClockCheck() {}

  static Finding finding(Instant now) {
    return now.isBefore(EARLIEST)
        ? Finding.warning("clock", now.toString(), ADVICE)
        : Finding.fine("clock", now.toString());
  }

  /**
   * Compares another machine's clock with ours.
   *
   * @param theirs what it showed at some time
   * @param before what ours showed before that time
   * @param after what ours showed after
   * @param allowed how far it may be off
   */
  static Finding comparison(Instant theirs, Instant before, Instant after, Duration allowed) {
    Duration off =
        theirs.isBefore(before)
            ? Duration.between(before, theirs)
            : theirs.isAfter(after) ? Duration.between(after, theirs) : Duration.ZERO;
    String state = "off by %.1f s from the driver's at least".formatted(off.toMillis() / 1e3);
    return off.abs().compareTo(allowed) > 0
        ? Finding.warning("clock", state, ADVICE)
        : Finding.fine("clock", off.isZero() ? "agrees with the driver's" : state);
  }
}
