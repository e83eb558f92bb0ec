package org.byol4j.device.nd4j;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;

/** What the operations of one device share: its memory, the areas they use in turn, threads. */
final class Engine implements AutoCloseable {

  private final Nd4jLibrary library;
  private final int threads;
  private final Set<Memory> memories = Collections.newSetFromMap(new IdentityHashMap<>());
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
   */
  Engine(Nd4jLibrary library, int threads) {
    this.library = library;
    this.threads = threads;
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

  /** Zeroed memory that lives until it is freed or the device closed. */
  Memory allocate(DataType type, long elements) {
    if (closed) {
      throw new IllegalStateException(
          "nd4j device was closed: cannot allocate elements=" + elements);
    }
    Memory memory = new Memory(type, elements);
    memories.add(memory);
    return memory;
  }

  void free(Memory memory) {
    if (memories.remove(memory)) {
      memory.close();
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (Memory memory : memories) {
      memory.close();
    }
    memories.clear();
  }
}
