package org.byol4j.device.cuda;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.byol4j.device.cuda.CudaInventory.Part;

/**
 * Whether replicas can exchange by NCCL, from what each of them says of itself. All come to the
 * same answer, as all know the same.
 */
final class NcclChoice {

  /** The most bytes that a replica says. */
  static final int MOST_BYTES = 600;

  private static final String CAN = "can";
  private static final String LACKS = "lacks";
  private static final String SEPARATOR = "\n";
  private static final int FIELDS = 4;
  private static final int LONGEST_REASON = 500;

  /**
   * What a replica says of itself.
   *
   * @param lack what keeps it from NCCL; empty if nothing does
   * @param host the machine that its GPU is in
   * @param busId where in that machine
   * @param version NCCL's
   */
  record Statement(String lack, String host, String busId, String version) {

    static Statement can(String host, String busId, String version) {
      return new Statement("", host, busId, version);
    }

    static Statement lacks(String reason) {
      return new Statement(reason, "", "", "");
    }

    byte[] toBytes() {
      String text =
          lack.isEmpty()
              ? String.join(SEPARATOR, CAN, host, busId, version)
              : LACKS + SEPARATOR + shortened(lack);
      return text.getBytes(StandardCharsets.UTF_8);
    }

    /** One line, and in ASCII: a character is a byte. */
    private static String shortened(String text) {
      String line = text.replaceAll("[^ -~]+", " ");
      return line.length() <= LONGEST_REASON ? line : line.substring(0, LONGEST_REASON);
    }

    static Statement ofBytes(byte[] bytes) {
      List<String> fields =
          List.of(new String(bytes, StandardCharsets.UTF_8).split(SEPARATOR, FIELDS));
      return fields.get(0).equals(CAN) && fields.size() == FIELDS
          ? can(fields.get(1), fields.get(2), fields.get(3))
          : lacks(fields.get(fields.size() - 1));
    }
  }

  private NcclChoice() {}

  /**
   * What a machine lacks for replicas that each have a GPU of it; empty if nothing.
   *
   * @param parts what the device needs, as it was found
   * @param gpus how many GPUs there are
   * @param nccl NCCL, as it was found
   */
  static Optional<String> lack(List<Part> parts, int gpus, Part nccl, int replicas) {
    Optional<Part> missing = parts.stream().filter(part -> !part.isGood()).findFirst();
    if (missing.isPresent()) {
      return missing.map(part -> "%s: %s".formatted(part.name(), part.state()));
    }
    if (gpus < replicas) {
      return Optional.of("gpus=%d, expected one for each of replicas=%d".formatted(gpus, replicas));
    }
    return nccl.isGood()
        ? Optional.empty()
        : Optional.of("%s: %s".formatted(nccl.name(), nccl.state()));
  }

  /**
   * What is in the way of NCCL, with the replica's rank; empty if nothing is.
   *
   * @param statements by rank
   */
  static Optional<String> obstacle(List<Statement> statements) {
    Map<String, Integer> places = new HashMap<>();
    for (int rank = 0; rank < statements.size(); rank++) {
      Statement statement = statements.get(rank);
      if (!statement.lack.isEmpty()) {
        return Optional.of("rank=%d lacks what it needs: %s".formatted(rank, statement.lack));
      }
      Integer other = places.putIfAbsent(statement.host + " " + statement.busId, rank);
      if (other != null) {
        return Optional.of(
            "rank=%d and rank=%d share the GPU at %s, expected one for each replica"
                .formatted(other, rank, statement.busId));
      }
      if (!statement.version.equals(statements.get(0).version)) {
        return Optional.of(
            "rank=%d has nccl=%s, and rank=0 has nccl=%s, expected the same"
                .formatted(rank, statement.version, statements.get(0).version));
      }
    }
    return Optional.empty();
  }
}
