package org.byol4j.optim;

/** The half cosine that both schedules follow. */
final class HalfCosine {
  private HalfCosine() {}

  /** {@code (cos(pi * step / steps) + 1) / 2}: 1 at step 0, 0 from {@code steps} on. */
  static double at(long step, long steps) {
    if (step >= steps) {
      return 0;
    }
    return 0.5 * (1 + StrictMath.cos(Math.PI * (double) step / (double) steps));
  }
}
