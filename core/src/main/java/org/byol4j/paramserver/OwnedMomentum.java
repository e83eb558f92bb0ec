package org.byol4j.paramserver;

import java.nio.FloatBuffer;
import java.util.function.Consumer;
import org.byol4j.collective.Collective;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;

/** The momentum of the range that a replica owns; that of the others exists nowhere here. */
final class OwnedMomentum implements AutoCloseable {
  /** Elements collected at a time: the most that a replica holds of the others' momentum. */
  private static final int PIECE = 1 << 20;

  private final Device device;
  private final Collective collective;
  private final long[] bounds;
  private final long start;
  private final long end;
  private final Tensor values;

  /**
   * Makes room; all is 0.
   *
   * @param bounds rank {@code r} owns the elements {@code [bounds[r], bounds[r + 1])}
   */
  OwnedMomentum(Device device, Collective collective, long[] bounds) {
    this.device = device;
    this.collective = collective;
    this.bounds = bounds;
    this.start = bounds[collective.rank()];
    this.end = bounds[collective.rank() + 1];
    this.values = device.allocate(Shape.vector((int) Math.max(1, end - start)));
  }

  /** The elements {@code [from, from + length)} of the whole, which are among the owned. */
  Tensor view(long from, int length) {
    return values.view(from - start, Shape.vector(length));
  }

  /** Collects the whole, piece by piece; every replica calls this or {@link #give}. */
  void collect(FloatBuffer to) {
    exchange(piece -> device.read(piece, to));
  }

  /** Gives the owned to those who {@link #collect}. */
  void give() {
    exchange(piece -> {});
  }

  /** Takes the owned out of the whole. */
  void take(FloatBuffer whole) {
    int length = (int) (end - start);
    if (length > 0) {
      device.write(whole.slice(whole.position() + (int) start, length), view(start, length));
    }
  }

  private void exchange(Consumer<Tensor> pieces) {
    long length = bounds[collective.size()];
    try (Tensor memory = device.allocate(Shape.vector((int) Math.min(PIECE, length)))) {
      for (long from = 0; from < length; from += PIECE) {
        long to = Math.min(length, from + PIECE);
        Tensor piece = memory.view(0, Shape.vector((int) (to - from)));
        copyOwned(from, to, piece);
        HostVector vector = new HostVector(device.host(piece));
        collective.allGather(vector, Ranges.within(bounds, from, to));
        pieces.accept(piece);
      }
    }
  }

  /** Copies what is owned of the elements {@code [from, to)} into {@code piece}. */
  private void copyOwned(long from, long to, Tensor piece) {
    long first = Math.max(start, from);
    int length = (int) (Math.min(end, to) - first);
    if (length > 0) {
      device.copy(view(first, length), piece.view(first - from, Shape.vector(length)));
    }
  }

  @Override
  public void close() {
    values.close();
  }
}
