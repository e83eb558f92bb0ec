package org.byol4j.device.cuda;

/**
 * Memory that operations use in turn, as large as the one that needs most. It grows while
 * operations are made, so its address is asked for when one runs.
 */
final class Area {

  private final Engine engine;
  private GpuMemory memory;

  Area(Engine engine) {
    this.engine = engine;
  }

  /** Sees to it that it has that many bytes; returns itself. */
  Area atLeast(long bytes) {
    if (memory == null || memory.bytes() < bytes) {
      if (memory != null) {
        engine.free(memory);
      }
      memory = engine.allocate(Element.FP32, bytes);
    }
    return this;
  }

  /** Where it begins, at present; 0 if nobody needs it. */
  long address() {
    return memory == null ? 0 : memory.address();
  }
}
