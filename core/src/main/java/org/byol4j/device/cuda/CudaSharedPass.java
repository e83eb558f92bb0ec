package org.byol4j.device.cuda;

import org.byol4j.device.Figures;
import org.byol4j.device.Op;
import org.byol4j.device.SharedPass;

/**
 * A pass over several replicas' rows by kernels.
 *
 * @param all the numbers of all replicas, by rank
 * @param taking puts this replica's there
 * @param applying goes on with all of them
 */
record CudaSharedPass(GpuFigures.Place all, Op taking, Op applying) implements SharedPass {

  /** Room for so many numbers of each of {@code size} replicas. */
  static GpuFigures.Place room(Engine engine, int size, int length) {
    long bytes = (long) size * length * Double.BYTES;
    return new GpuFigures.Place(engine, engine.allocate(Element.FP32, bytes), 0, size * length);
  }

  /** Where one of {@code size} replicas has its numbers. */
  static GpuFigures.Place part(GpuFigures.Place all, int rank, int size) {
    int length = all.length() / size;
    return new GpuFigures.Place(
        all.engine(), all.memory(), all.offset() + (long) rank * length, length);
  }

  @Override
  public void take() {
    taking.run();
  }

  @Override
  public Figures figures() {
    return all;
  }

  @Override
  public void apply() {
    applying.run();
  }
}
