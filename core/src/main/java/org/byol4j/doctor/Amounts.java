package org.byol4j.doctor;

import java.util.Locale;

/** Bytes as people read them. */
final class Amounts {
  private static final double GIBIBYTE = 1L << 30;

  private Amounts() {}

  static String gibibytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f GiB", bytes / GIBIBYTE);
  }
}
