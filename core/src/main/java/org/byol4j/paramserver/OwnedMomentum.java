package org.byol4j.paramserver;

import java.nio.FloatBuffer;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;

/** The momentum of the range that a replica owns; that of the others exists nowhere here. */
final class OwnedMomentum implements AutoCloseable {
  private final Device device;
  private final long start;
  private final long end;
  private final Tensor values;

  /** Makes room for the elements {@code [start, end)} of the whole; all are 0. */
  OwnedMomentum(Device device, long start, long end) {
    this.device = device;
    this.start = start;
    this.end = end;
    this.values = device.allocate(Shape.vector((int) Math.max(1, end - start)));
  }

  /** The elements {@code [from, from + length)} of the whole, which are among the owned. */
  Tensor view(long from, int length) {
    if (from < start || from + length > end) {
      throw new IllegalArgumentException(
          "momentum from=%d length=%d, expected a range within [%d, %d]"
              .formatted(from, length, start, end));
    }
    return values.view(from - start, Shape.vector(length));
  }

  /** Fills what remains in {@code to} with the elements from {@code from} on. */
  void read(long from, FloatBuffer to) {
    if (to.hasRemaining()) {
      device.read(view(from, to.remaining()), to);
    }
  }

  /** Takes what remains in {@code taken} as the elements from {@code from} on. */
  void write(long from, FloatBuffer taken) {
    if (taken.hasRemaining()) {
      device.write(taken, view(from, taken.remaining()));
    }
  }

  @Override
  public void close() {
    values.close();
  }
}
