package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
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
  private final dnnl_engine handle = new dnnl_engine();
  private final dnnl_stream stream = new dnnl_stream();
  private final Deque<Runnable> releases = new ArrayDeque<>();
  private final Set<NativeMemory> memories = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Scratch scratchpad = new Scratch(this);
  private final Scratch staging = new Scratch(this);
  private final PackedWeights packedWeights = new PackedWeights(this);
  private final Workers workers;
  private final Tiles tiles;
  private boolean closed;

  Engine(int threads) {
    this.threads = threads;
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

  /** Zeroed memory that lives until it is freed or the device closed. */
  NativeMemory allocate(long bytes) {
    if (closed) {
      throw new IllegalStateException("onednn device was closed: cannot allocate bytes=" + bytes);
    }
    NativeMemory memory = new NativeMemory(bytes);
    memories.add(memory);
    return memory;
  }

  /** Frees memory, and what was derived from it. */
  void free(NativeMemory memory) {
    if (memories.remove(memory)) {
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
    for (NativeMemory memory : memories) {
      memory.close();
    }
    memories.clear();
  }
}
