package org.byol4j.device.nd4j;

import java.util.IdentityHashMap;
import org.byol4j.device.DeviceMemory;
import org.byol4j.device.DeviceMemoryError;
import org.byol4j.device.HostMemory;
import org.nd4j.linalg.api.buffer.DataType;

/** What the operations of one device share: its memory, the areas they use in turn, threads. */
final class Engine implements AutoCloseable {

  private final Nd4jLibrary library;
  private final int threads;
  private final HostMemory host;
  private final long totalBytes;
  private final IdentityHashMap<Memory, DeviceMemory.Purpose> memories = new IdentityHashMap<>();
  private final Area framed = new Area(this, DataType.FLOAT, 0);
  private final Area dataGradient = new Area(this, DataType.FLOAT, 0);
  private final Area weightGradient = new Area(this, DataType.FLOAT, 0);
  private final Area normalized = new Area(this, DataType.FLOAT, 0);
  private final Area wide = new Area(this, DataType.DOUBLE, 0);
  private final Area squares = new Area(this, DataType.DOUBLE, 0);
  private final Area ones = new Area(this, DataType.DOUBLE, 1);
  private Object kept = "nothing";
  private boolean closed;

  /**
   * @param threads how many threads ND4J computes with, for this device
   * @param host where it computes, unless its backend is one for GPUs
   */
  Engine(Nd4jLibrary library, int threads, HostMemory host) {
    this.library = library;
    this.threads = threads;
    this.host = host;
    this.totalBytes = library.isOnGpu() ? Long.MAX_VALUE : host.room().totalBytes();
    library.use(threads);
  }

  Nd4jLibrary library() {
    return library;
  }

  int threads() {
    return threads;
  }

  /** Called before anything is computed: gives ND4J the device's number of threads. */
  void enter() {
    forgetGradient();
    library.use(threads);
  }

  /** An image with the margin that a window reaches into. */
  Area framed() {
    return framed;
  }

  /** The gradient with respect to a convolution's input, which comes with that of its weights. */
  Area dataGradient() {
    return dataGradient;
  }

  Area weightGradient() {
    return weightGradient;
  }

  /** What a batch normalization makes on its way back. */
  Area normalized() {
    return normalized;
  }

  /** Rows in double. */
  Area wide() {
    return wide;
  }

  /** Products of rows in double. */
  Area squares() {
    return squares;
  }

  /** Ones in double, which sum up when multiplied with. */
  Area ones() {
    return ones;
  }

  /** Says whose gradient {@link #dataGradient} holds, until anything else is computed. */
  void keepGradient(Object of) {
    kept = of;
  }

  /** Whose gradient {@link #dataGradient} holds. */
  Object keptGradient() {
    return kept;
  }

  /** Something was computed or written since. */
  void forgetGradient() {
    kept = "nothing";
  }

  /** Zeroed memory to work with that lives until it is freed or the device closed. */
  Memory allocate(DataType type, long elements) {
    return allocate(DeviceMemory.Purpose.WORKSPACE, type, elements);
  }

  /**
   * The same for any purpose.
   *
   * @throws DeviceMemoryError if there is no more, or if this device would hold more than the host
   *     has in all: Linux may give that and then kill who writes to it
   */
  Memory allocate(DeviceMemory.Purpose purpose, DataType type, long elements) {
    if (closed) {
      throw new IllegalStateException(
          "nd4j device was closed: cannot allocate elements=" + elements);
    }
    long bytes = elements * type.width();
    if (bytes > totalBytes - heldBytes()) {
      throw exhausted(bytes, "more than the machine or its control group has in all", null);
    }
    Memory memory;
    try {
      memory = new Memory(type, elements);
    } catch (OutOfMemoryError e) {
      throw exhausted(bytes, e.getMessage(), e);
    }
    memories.put(memory, purpose);
    return memory;
  }

  private DeviceMemoryError exhausted(long bytes, String reason, OutOfMemoryError cause) {
    HostMemory.Room room = room();
    long inUse = heldBytes();
    long free = Math.max(0, Math.min(room.freeBytes(), room.totalBytes() - inUse));
    DeviceMemoryError error =
        new DeviceMemoryError(
            "cannot allocate ND4J's memory: bytes=%d inUseBytes=%d freeBytes=%d totalBytes=%d, %s"
                .formatted(bytes, inUse, free, room.totalBytes(), reason),
            new DeviceMemory(
                free,
                room.totalBytes(),
                held(DeviceMemory.Purpose.ACTIVATIONS),
                Float.BYTES,
                held(DeviceMemory.Purpose.PARAMETERS),
                held(DeviceMemory.Purpose.WORKSPACE)));
    error.initCause(cause);
    return error;
  }

  private HostMemory.Room room() {
    return library.isOnGpu() ? library.roomOfGpu() : host.room();
  }

  private long heldBytes() {
    return memories.keySet().stream().mapToLong(Memory::bytes).sum();
  }

  private long held(DeviceMemory.Purpose purpose) {
    return memories.entrySet().stream()
        .filter(memory -> memory.getValue() == purpose)
        .mapToLong(memory -> memory.getKey().bytes())
        .sum();
  }

  void free(Memory memory) {
    if (memories.remove(memory) != null) {
      memory.close();
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (Memory memory : memories.keySet()) {
      memory.close();
    }
    memories.clear();
  }
}
