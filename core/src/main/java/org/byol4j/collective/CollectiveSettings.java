package org.byol4j.collective;

import java.time.Duration;

/**
 * How replicas exchange gradients and weights ({@code collective.kind}, and what decides with it).
 *
 * @param kind what carries them
 * @param isEncrypted whether whatever travels between replicas has to be encrypted
 * @param progressTimeout how long an operation may stand still while all replicas live
 */
public record CollectiveSettings(Kind kind, boolean isEncrypted, Duration progressTimeout) {

  /** What carries gradients and weights; the bits are the same. */
  public enum Kind {
    /** {@link #NCCL} where every replica has a GPU of its own and may use it, else {@link #TCP}. */
    AUTO,
    /** The connections between the replicas' processes. */
    TCP,
    /** From GPU to GPU, by NVIDIA's library. */
    NCCL
  }
}
