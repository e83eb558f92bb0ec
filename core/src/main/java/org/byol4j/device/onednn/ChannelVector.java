package org.byol4j.device.onednn;

import org.byol4j.device.DeviceMemory;
import org.byol4j.device.Shape;
import org.bytedeco.dnnl.dnnl_memory_desc;

/** One value a channel, on both sides: an array here and the native memory that oneDNN sees. */
final class ChannelVector {

  private final NativeTensor memory;
  private final float[] values;

  ChannelVector(Engine engine, int channels) {
    this(NativeTensor.allocate(engine, DeviceMemory.Purpose.WORKSPACE, Shape.vector(channels)));
  }

  /** The values of a tensor that exists. */
  ChannelVector(NativeTensor memory) {
    this.memory = memory;
    values = new float[Math.toIntExact(memory.elements())];
  }

  NativeTensor memory() {
    return memory;
  }

  /** Binds the native side. */
  void bind(Operation.Binding binding, int role, dnnl_memory_desc layout) {
    binding.input(role, memory, layout);
  }

  /** The values as they were last fetched, or are to be stored. */
  float[] values() {
    return values;
  }

  float[] fetch() {
    memory.get(0, values, values.length);
    return values;
  }

  void store() {
    memory.put(0, values, values.length);
    memory.memory().changed();
  }

  /** Adds the native values of {@code other} to these. */
  void add(ChannelVector other) {
    float[] sum = fetch();
    float[] more = other.fetch();
    for (int c = 0; c < sum.length; c++) {
      sum[c] += more[c];
    }
    store();
  }
}
