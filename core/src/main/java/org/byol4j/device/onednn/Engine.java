package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_out_of_memory;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Map;
import org.byol4j.device.DeviceMemory;
import org.byol4j.device.DeviceMemoryError;
import org.byol4j.device.HostMemory;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.Pointer;

/**
 * Everything native that one device owns; closing it frees all of it, newest first. Native code
 * keeps bare addresses, so whatever it may still use is held here until then.
 */
final class Engine implements AutoCloseable {

  private static final Map<Integer, String> STATUS =
      Map.of(
          1, "out of memory",
          2, "invalid arguments",
          3, "unimplemented",
          4, "last implementation reached",
          5, "runtime error",
          6, "not required");

  private final OnednnLibrary library = OnednnLibrary.load();
  private final int threads;
  private final NativeRoom room;
  private final dnnl_engine handle = new dnnl_engine();
  private final dnnl_stream stream = new dnnl_stream();
  private final Deque<Runnable> releases = new ArrayDeque<>();
  private final IdentityHashMap<NativeMemory, DeviceMemory.Purpose> memories =
      new IdentityHashMap<>();
  private final Scratch scratchpad = new Scratch(this);
  private final Scratch staging = new Scratch(this);
  private final PackedWeights packedWeights = new PackedWeights(this);
  private final Workers workers;
  private final Tiles tiles;
  private boolean closed;

  /**
   * @param host where it computes
   */
  Engine(int threads, HostMemory host) {
    this.threads = threads;
    this.room = new NativeRoom(host);
    library.openMp().use(threads);
    check(dnnl_engine_create(handle, dnnl_cpu, 0), "engine");
    onClose(() -> dnnl_engine_destroy(handle));
    check(dnnl_stream_create(stream, handle, dnnl_stream_default_flags), "stream");
    onClose(() -> dnnl_stream_destroy(stream));
    workers = new Workers(library.openMp(), threads);
    tiles = new Tiles(workers);
  }

  /** Fails with oneDNN's reason unless {@code status} says success. */
  static void check(int status, String what) {
    if (status != dnnl_success) {
      throw new IllegalStateException(
          "oneDNN refused %s: status=%d (%s)"
              .formatted(what, status, STATUS.getOrDefault(status, "unknown")));
    }
  }

  /**
   * The same for what may take much memory of oneDNN's own.
   *
   * @throws DeviceMemoryError if oneDNN has no memory for it
   */
  void checkMade(int status, String what) {
    if (status == dnnl_out_of_memory) {
      throw exhausted(room.ofLibrary(what), null);
    }
    check(status, what);
  }

  OnednnLibrary library() {
    return library;
  }

  int threads() {
    return threads;
  }

  dnnl_engine handle() {
    return handle;
  }

  dnnl_stream stream() {
    return stream;
  }

  /** What a primitive needs while it runs, one area for all: they run one after another. */
  Scratch scratchpad() {
    return scratchpad;
  }

  /** What an operation of several primitives hands from one to the next. */
  Scratch staging() {
    return staging;
  }

  PackedWeights packedWeights() {
    return packedWeights;
  }

  Tiles tiles() {
    return tiles;
  }

  Workers workers() {
    return workers;
  }

  /**
   * Makes the calling thread the one that computes: its parallel regions get the device's number of
   * threads. Called before oneDNN plans or runs anything.
   */
  void enter() {
    library.openMp().use(threads);
  }

  /** Zeroed memory to work with that lives until it is freed or the device closed. */
  NativeMemory allocate(long bytes) {
    return allocate(DeviceMemory.Purpose.WORKSPACE, bytes);
  }

  /**
   * The same for any purpose.
   *
   * @throws DeviceMemoryError if there is no more
   */
  NativeMemory allocate(DeviceMemory.Purpose purpose, long bytes) {
    if (closed) {
      throw new IllegalStateException("onednn device was closed: cannot allocate bytes=" + bytes);
    }
    if (!room.canHold(bytes)) {
      throw exhausted(room.ofAll(bytes), null);
    }
    NativeMemory memory;
    try {
      memory = new NativeMemory(bytes);
    } catch (OutOfMemoryError e) {
      throw exhausted(room.of(bytes, e), e);
    }
    memories.put(memory, purpose);
    return memory;
  }

  /** The error that there is no more memory, with what this device uses it for. */
  private DeviceMemoryError exhausted(NativeRoom.Shortage shortage, OutOfMemoryError cause) {
    DeviceMemory held =
        new DeviceMemory(
            shortage.freeBytes(),
            shortage.totalBytes(),
            held(DeviceMemory.Purpose.ACTIVATIONS),
            Float.BYTES,
            held(DeviceMemory.Purpose.PARAMETERS),
            held(DeviceMemory.Purpose.WORKSPACE));
    DeviceMemoryError error = new DeviceMemoryError(shortage.message(), held);
    error.initCause(cause);
    return error;
  }

  private long held(DeviceMemory.Purpose purpose) {
    return memories.entrySet().stream()
        .filter(memory -> memory.getValue() == purpose)
        .mapToLong(memory -> memory.getKey().bytes())
        .sum();
  }

  /** Frees memory, and what was derived from it. */
  void free(NativeMemory memory) {
    if (memories.remove(memory) != null) {
      packedWeights.forget(memory);
      memory.close();
    }
  }

  /** A oneDNN memory object over {@code data}, destroyed with the device. */
  dnnl_memory memory(dnnl_memory_desc layout, Pointer data) {
    dnnl_memory memory = new dnnl_memory();
    check(dnnl_memory_create(memory, layout, handle, data), "memory");
    onClose(() -> dnnl_memory_destroy(memory));
    return memory;
  }

  /** Remembers how to free something; freed in reverse order. */
  void onClose(Runnable release) {
    releases.push(release);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    while (!releases.isEmpty()) {
      releases.pop().run();
    }
    for (NativeMemory memory : memories.keySet()) {
      memory.close();
    }
    memories.clear();
  }
}
