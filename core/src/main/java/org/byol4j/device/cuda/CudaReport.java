package org.byol4j.device.cuda;

import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.util.List;
import org.byol4j.device.Figures;
import org.byol4j.device.Report;
import org.bytedeco.javacpp.BytePointer;

/** Figures that one kernel brings together and one copy takes to pinned memory of the host. */
final class CudaReport implements Report {

  /** Of a row that is gathered: from where, how many, where to. */
  private static final int ROW = 3;

  private final Engine engine;
  private final int length;
  private final GpuMemory gathered;
  private final BytePointer pinned;
  private final DoubleBuffer taken;
  private final Launch gather;
  private long takenAt = -1;

  /**
   * @throws IllegalArgumentException if some are of another device
   */
  CudaReport(Engine engine, List<Figures> figures) {
    this.engine = engine;
    long[] rows = new long[ROW * figures.size()];
    int end = 0;
    for (int i = 0; i < figures.size(); i++) {
      GpuFigures.Place place = placeOf(figures.get(i));
      rows[ROW * i] = place.address();
      rows[ROW * i + 1] = place.length();
      rows[ROW * i + 2] = end;
      end += place.length();
    }
    length = end;
    long bytes = (long) length * Double.BYTES;
    gathered = engine.allocate(Element.FP32, bytes);
    pinned = engine.pinned(bytes);
    taken = pinned.asByteBuffer().order(ByteOrder.nativeOrder()).asDoubleBuffer();
    gather =
        engine
            .launch("flat", Element.FP32, "gather")
            .grid(figures.size(), 1)
            .memory(engine.table(rows))
            .memory(gathered);
  }

  private GpuFigures.Place placeOf(Figures figures) {
    if (figures instanceof GpuFigures mine && mine.place().engine() == engine) {
      return mine.place();
    }
    throw new IllegalArgumentException(
        "figures of another device: class=%s length=%d, expected some of this cuda device"
            .formatted(figures.getClass().getName(), figures.length()));
  }

  @Override
  public int length() {
    return length;
  }

  @Override
  public void run() {
    gather.run();
    engine.gpu().copy(gathered.address(), pinned.address(), gathered.bytes());
    takenAt = engine.waits().count();
  }

  @Override
  public void read(double[] to) {
    engine.waits().awaitSince(takenAt);
    taken.get(0, to, 0, length);
  }
}
