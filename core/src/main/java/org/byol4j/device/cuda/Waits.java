package org.byol4j.device.cuda;

/**
 * Waits for the GPU and counts how often, so that whoever started something knows without asking
 * whether somebody has waited for it since.
 */
final class Waits {
  private final Gpu gpu;
  private Runnable before = () -> {};
  private long count;

  Waits(Gpu gpu) {
    this.gpu = gpu;
  }

  /**
   * Has {@code what} run before each wait. It waits for what might never come, and throws where it
   * does not: a wait within the driver has no end then.
   */
  void beforeEach(Runnable what) {
    before = what;
  }

  /** Returns when everything that was started is done. */
  void await() {
    before.run();
    gpu.await();
    count++;
  }

  /** How often somebody has waited. */
  long count() {
    return count;
  }

  /** Returns when everything is done that was started when {@link #count} was {@code then}. */
  void awaitSince(long then) {
    if (count == then) {
      await();
    }
  }
}
