package org.byol4j.checkpoint;

import java.util.ArrayList;
import java.util.List;

/** The hashes by which two training states are told to be the same to the bit. */
public final class WeightsDigest {
  private WeightsDigest() {}

  /**
   * Four lines, {@code sha256 name} as {@code sha256sum} has it: weights, target, momentum, and the
   * batch normalization state, that of the online network followed by that of the target. Where
   * gradients are shared, a fifth has the residual of all replicas. Hashed are the bytes as stored.
   *
   * @throws CheckpointException if the checkpoint is damaged
   */
  public static List<String> of(Checkpoint checkpoint) {
    List<String> lines = new ArrayList<>();
    lines.add(checkpoint.sha256(Section.WEIGHTS) + "  weights");
    lines.add(checkpoint.sha256(Section.TARGET) + "  target");
    lines.add(checkpoint.sha256(Section.MOMENTUM) + "  momentum");
    lines.add(
        checkpoint.sha256(Section.BATCHNORM_ONLINE, Section.BATCHNORM_TARGET) + "  batchnorm");
    if (checkpoint.manifest().elements(Section.RESIDUAL) > 0) {
      lines.add(checkpoint.sha256(Section.RESIDUAL) + "  residual");
    }
    return lines;
  }
}
