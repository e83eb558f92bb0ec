package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * An area that all operations of a device use in turn, as large as the largest needs. It grows
 * while operations are made; those made before are then bound to the new area.
 */
final class Scratch {

  private final Engine engine;
  private final List<Bound> bound = new ArrayList<>();
  private NativeMemory area;

  private record Bound(dnnl_memory memory, long offset) {}

  Scratch(Engine engine) {
    this.engine = engine;
  }

  /** A oneDNN memory object at the start of the area. */
  dnnl_memory bind(dnnl_memory_desc layout) {
    return bind(layout, 0);
  }

  /** A oneDNN memory object {@code offset} bytes into the area. */
  dnnl_memory bind(dnnl_memory_desc layout, long offset) {
    grow(offset + dnnl_memory_desc_get_size(layout));
    dnnl_memory memory = engine.memory(layout, area.at(offset));
    bound.add(new Bound(memory, offset));
    return memory;
  }

  /** The area as it is now, for loops of our own; something must have been bound. */
  NativeMemory area() {
    return area;
  }

  private void grow(long bytes) {
    if (area != null && area.bytes() >= bytes) {
      return;
    }
    NativeMemory outgrown = area;
    area = engine.allocate(bytes);
    for (Bound each : bound) {
      Engine.check(
          dnnl_memory_set_data_handle(each.memory, area.at(each.offset)), "larger scratch area");
    }
    if (outgrown != null) {
      engine.free(outgrown);
    }
  }
}
