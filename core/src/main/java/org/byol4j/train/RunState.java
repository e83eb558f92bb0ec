package org.byol4j.train;

import java.nio.FloatBuffer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.CheckpointException;
import org.byol4j.checkpoint.Floats;
import org.byol4j.checkpoint.Normalization;
import org.byol4j.checkpoint.OwnedRange;
import org.byol4j.checkpoint.Section;
import org.byol4j.checkpoint.StateLayout;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.nn.Architecture;
import org.byol4j.paramserver.sharing.GradientEncoder;

/**
 * Moves the state of a run between a replica and a checkpoint, a few values at a time. Weights are
 * the same on every replica, and each writes the range that it owns; the momentum is spread over
 * them, or the same on every replica where gradients are shared; running statistics are the same
 * everywhere and few, and rank 0 writes them.
 *
 * <p>A residual is one replica's alone. With another number of replicas than wrote the checkpoint,
 * rank {@code r} of {@code N} takes the sum, in rank order, of those of the ranks {@code r}, {@code
 * r + N}, {@code r + 2N} and so on, and begins with none where there are none: what has not been
 * sent yet stays the same over all replicas, but for rounding.
 */
public final class RunState {
  private final Architecture architecture;
  private final Device device;
  private final int rank;
  private final int size;

  /** Of the replica of rank {@code rank} among {@code size}. */
  RunState(Architecture architecture, Device device, int rank, int size) {
    this.architecture = architecture;
    this.device = device;
    this.rank = rank;
    this.size = size;
  }

  /** How checkpoints of this architecture are laid out. */
  public static StateLayout layout(Architecture architecture) {
    List<Normalization> normalizations =
        architecture.onlineRunning().stream()
            .map(range -> new Normalization(range.name(), range.channels(), range.offset()))
            .toList();
    return new StateLayout(architecture.onlineTable(), normalizations);
  }

  /** What the replica owns, itself and no copy: it must not step before it is written. */
  Map<Section, OwnedRange> owned(Replica replica) {
    Tensor weights = replica.online().weights();
    Tensor target = replica.target().weights();
    int length = Math.toIntExact(weights.shape().elements());
    int from = replica.ownedFrom();
    int to = replica.ownedTo();
    int targetLength = Math.toIntExact(target.shape().elements());
    int targetFrom = Math.min(from, targetLength);
    int targetTo = Math.min(to, targetLength);
    Map<Section, OwnedRange> owned = new EnumMap<>(Section.class);
    owned.put(Section.WEIGHTS, new OwnedRange(length, from, values(weights, from, to)));
    owned.put(
        Section.TARGET,
        new OwnedRange(targetLength, targetFrom, values(target, targetFrom, targetTo)));
    owned.put(
        Section.MOMENTUM,
        new OwnedRange(
            length,
            from,
            new Values(to - from, (at, values) -> replica.readMomentum(from + at, values))));
    owned.put(Section.BATCHNORM_ONLINE, running(replica.online().running()));
    owned.put(Section.BATCHNORM_TARGET, running(replica.target().running()));
    replica.encoder().ifPresent(encoder -> owned.put(Section.RESIDUAL, residual(encoder)));
    return owned;
  }

  /**
   * Puts a checkpoint, written by any number of replicas, into a replica. If this throws, the
   * replica is not to be used.
   *
   * @throws CheckpointException if it is damaged, or one of another network
   * @throws org.byol4j.checkpoint.StorageException if it cannot be read at the moment
   */
  void restore(Checkpoint checkpoint, Replica replica) {
    if (!checkpoint.manifest().layout().equals(layout(architecture))) {
      throw new CheckpointException(
          "%s: its slices are not those of this network, expected the same"
              .formatted(checkpoint.describe()));
    }
    restore(checkpoint, Section.WEIGHTS, replica.online().weights());
    restore(checkpoint, Section.TARGET, replica.target().weights());
    checkpoint.read(
        Section.MOMENTUM, replica.momentumFrom(), replica.momentumTo(), replica::writeMomentum);
    restore(checkpoint, Section.BATCHNORM_ONLINE, replica.online().running());
    restore(checkpoint, Section.BATCHNORM_TARGET, replica.target().running());
    replica.encoder().ifPresent(encoder -> restore(checkpoint, encoder));
  }

  private void restore(Checkpoint checkpoint, GradientEncoder encoder) {
    long length = encoder.elements();
    long writers = checkpoint.manifest().elements(Section.RESIDUAL) / length;
    for (long writer = rank; writer < writers; writer += size) {
      long first = writer * length;
      boolean isOwn = writer == rank;
      checkpoint.read(
          Section.RESIDUAL,
          first,
          first + length,
          (from, values) -> {
            int at = (int) (from - first);
            if (isOwn) {
              encoder.writeResidual(at, values);
            } else {
              encoder.addToResidual(at, values);
            }
          });
    }
  }

  private void restore(Checkpoint checkpoint, Section section, Tensor to) {
    checkpoint.read(
        section,
        0,
        to.shape().elements(),
        (from, values) -> device.write(values, to.view(from, Shape.vector(values.remaining()))));
  }

  private static void restore(Checkpoint checkpoint, Section section, float[] to) {
    checkpoint.read(
        section, 0, to.length, (from, values) -> values.get(to, (int) from, values.remaining()));
  }

  private OwnedRange running(float[] statistics) {
    return rank == 0
        ? OwnedRange.whole(Floats.of(statistics))
        : OwnedRange.nothing(statistics.length);
  }

  private OwnedRange residual(GradientEncoder encoder) {
    long length = encoder.elements();
    return new OwnedRange(
        size * length, rank * length, new Values(encoder.elements(), encoder::readResidual));
  }

  /** The elements {@code [from, to)} of a tensor, read from the device as they are asked for. */
  private Floats values(Tensor tensor, int from, int to) {
    return new Values(
        to - from,
        (at, values) ->
            device.read(tensor.view(from + at, Shape.vector(values.remaining())), values));
  }

  /**
   * Values that stay where they are.
   *
   * @param source reads what remains in a buffer, from an index on
   */
  private record Values(int length, Source source) implements Floats {

    @Override
    public void read(int from, FloatBuffer to) {
      source.read(from, to);
    }
  }

  @FunctionalInterface
  private interface Source {
    void read(int from, FloatBuffer to);
  }
}
