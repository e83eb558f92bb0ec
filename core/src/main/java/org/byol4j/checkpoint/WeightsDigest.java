package org.byol4j.checkpoint;

import java.security.MessageDigest;
import java.util.List;

/** The hashes by which two training states are told to be the same to the bit. */
public final class WeightsDigest {
  private WeightsDigest() {}

  /**
   * Four lines, {@code sha256 name} as {@code sha256sum} has it: weights, target, momentum, and the
   * batch normalization state, that of the online network followed by that of the target. Hashed
   * are the bytes as stored.
   *
   * @throws CheckpointException if the checkpoint is damaged
   */
  public static List<String> of(Checkpoint checkpoint) {
    return List.of(
        line("weights", checkpoint, Section.WEIGHTS),
        line("target", checkpoint, Section.TARGET),
        line("momentum", checkpoint, Section.MOMENTUM),
        line("batchnorm", checkpoint, Section.BATCHNORM_ONLINE, Section.BATCHNORM_TARGET));
  }

  private static String line(String name, Checkpoint checkpoint, Section... sections) {
    MessageDigest digest = Sha256.digest();
    for (Section section : sections) {
      checkpoint.stream(section, (from, chunk) -> digest.update(chunk));
    }
    return Sha256.hex(digest) + "  " + name;
  }
}
