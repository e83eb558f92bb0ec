package org.byol4j.device;

/**
 * One operation, bound to its tensors when it was made; running it allocates nothing.
 *
 * <p>An operation is confined to the thread that drives its device and lives as long as the device.
 */
@FunctionalInterface
public interface Op {
  /**
   * Computes once, with what the tensors hold when those before it are done. It may return before
   * that has happened; {@link Device#read} waits for it.
   */
  void run();
}
