package org.byol4j.device.nd4j;

import org.nd4j.linalg.api.buffer.DataType;

/** One value a channel that the host computes and operations read. */
final class ChannelVector {

  private final Memory memory;
  private final float[] values;

  ChannelVector(Engine engine, int channels) {
    memory = engine.allocate(DataType.FLOAT, channels);
    values = new float[channels];
  }

  /** The values on the host; {@link #store} brings them to where operations read them. */
  float[] values() {
    return values;
  }

  void store() {
    memory.put(0, values, values.length);
  }

  Operand operand() {
    return Operand.dense(memory, 0, values.length);
  }
}
