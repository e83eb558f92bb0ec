package org.byol4j.device.cuda;

import java.util.Optional;

/**
 * The connection of one GPU with those of the other replicas. What is begun runs on the GPU in the
 * order of the calls, with kernels and copies. All replicas begin the same in the same order.
 *
 * <p>Confined to one thread, but for {@link #abort}.
 */
interface GpuLink extends AutoCloseable {

  /**
   * Starts to send and receive along all routes at the same time.
   *
   * @throws IllegalStateException if it was aborted, or refuses
   */
  void exchange(Routes routes);

  /** Whether everything that was started on this GPU is done. */
  boolean isDone();

  /** What has gone wrong on the way; empty if nothing. */
  Optional<String> problem();

  /**
   * Ends what is under way, whose results are rubbish then, and frees what the connection holds.
   * From any thread, also while another one cannot get on; idempotent.
   */
  void abort();

  /** Frees what it holds; every replica is done with it. */
  @Override
  void close();
}
