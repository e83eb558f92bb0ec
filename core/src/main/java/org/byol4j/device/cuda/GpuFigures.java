package org.byol4j.device.cuda;

import org.byol4j.device.Figures;

/** Figures that lie in the GPU's memory. */
interface GpuFigures extends Figures {

  /** Where. */
  Place place();

  @Override
  default int length() {
    return place().length;
  }

  @Override
  default void read(double[] to, int at) {
    place().download(to, at);
  }

  /**
   * A row of doubles.
   *
   * @param offset the first one's place in the memory
   */
  record Place(Engine engine, GpuMemory memory, long offset, int length) implements GpuFigures {

    @Override
    public Place place() {
      return this;
    }

    long address() {
      return memory.address() + offset * Double.BYTES;
    }

    private void download(double[] to, int at) {
      memory.requireOpen();
      engine.staging().download(address(), to, at, length);
    }
  }
}
