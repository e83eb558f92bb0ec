package org.byol4j.device.cuda;

import java.util.Arrays;

/**
 * What is to be started on a GPU, in order, with all places and arguments. Two that are equal start
 * the same.
 */
final class Trace {

  /** What is no kernel and no convolution. */
  private enum Plain {
    ZERO,
    COPY
  }

  /** Numbers of a kernel that come before its arguments: the grid and the block. */
  private static final int EXTENTS = 4;

  private static final int FIRST_LENGTH = 64;
  private static final long FACTOR = 0x9E3779B97F4A7C15L;

  private Object[] what = new Object[FIRST_LENGTH];

  /** Of each entry where its numbers end. */
  private int[] ends = new int[FIRST_LENGTH];

  private long[] numbers = new long[FIRST_LENGTH];
  private int count;
  private int end;
  private long hash;

  Trace() {}

  private Trace(Trace other) {
    what = Arrays.copyOf(other.what, other.count);
    ends = Arrays.copyOf(other.ends, other.count);
    numbers = Arrays.copyOf(other.numbers, other.end);
    count = other.count;
    end = other.end;
    hash = other.hash;
  }

  /** How much is to be started. */
  int count() {
    return count;
  }

  Trace copy() {
    return new Trace(this);
  }

  void clear() {
    Arrays.fill(what, 0, count, null);
    count = 0;
    end = 0;
    hash = 0;
  }

  void zero(long address, long bytes) {
    add(address);
    add(bytes);
    close(Plain.ZERO);
  }

  void copy(long from, long to, long bytes) {
    add(from);
    add(to);
    add(bytes);
    close(Plain.COPY);
  }

  void kernel(
      Gpu.Kernel kernel, int gridX, int gridY, int blockX, int blockY, Arguments arguments) {
    add(gridX);
    add(gridY);
    add(blockX);
    add(blockY);
    for (int i = 0; i < arguments.count(); i++) {
      add(arguments.bits(i));
    }
    close(kernel);
  }

  void convolution(Gpu.ConvolutionPlan plan, long x, long w, long y, long workspace) {
    add(x);
    add(w);
    add(y);
    add(workspace);
    close(plan);
  }

  void masked(Gpu.MaskedPlan plan, long x, long w, long y, long addend, long mask, long workspace) {
    add(x);
    add(w);
    add(y);
    add(addend);
    add(mask);
    add(workspace);
    close(plan);
  }

  private void add(long number) {
    if (end == numbers.length) {
      numbers = Arrays.copyOf(numbers, 2 * end);
    }
    numbers[end++] = number;
    mix(number);
  }

  private void close(Object entry) {
    if (count == what.length) {
      what = Arrays.copyOf(what, 2 * count);
      ends = Arrays.copyOf(ends, 2 * count);
    }
    what[count] = entry;
    ends[count++] = end;
    mix(System.identityHashCode(entry));
  }

  private void mix(long number) {
    hash = (hash ^ number) * FACTOR;
    hash ^= hash >>> Integer.SIZE;
  }

  /**
   * Starts everything.
   *
   * @param arguments where arguments are put together; of as many as a kernel may have
   */
  void start(Gpu gpu, Arguments arguments) {
    int at = 0;
    for (int i = 0; i < count; i++) {
      if (what[i] instanceof Gpu.Kernel kernel) {
        for (int n = at + EXTENTS; n < ends[i]; n++) {
          arguments.setLong(n - at - EXTENTS, numbers[n]);
        }
        kernel.launch(
            (int) numbers[at],
            (int) numbers[at + 1],
            (int) numbers[at + 2],
            (int) numbers[at + 3],
            arguments);
      } else if (what[i] instanceof Gpu.ConvolutionPlan plan) {
        plan.run(numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]);
      } else if (what[i] instanceof Gpu.MaskedPlan plan) {
        plan.run(
            numbers[at],
            numbers[at + 1],
            numbers[at + 2],
            numbers[at + 3],
            numbers[at + 4],
            numbers[at + 5]);
      } else if (what[i] == Plain.COPY) {
        gpu.copy(numbers[at], numbers[at + 1], numbers[at + 2]);
      } else {
        gpu.zero(numbers[at], numbers[at + 1]);
      }
      at = ends[i];
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Trace trace
        && hash == trace.hash
        && count == trace.count
        && end == trace.end
        && Arrays.equals(numbers, 0, end, trace.numbers, 0, end)
        && Arrays.equals(ends, 0, count, trace.ends, 0, count)
        && isOfTheSame(trace);
  }

  /** Kernels and plans are compared as objects: two with the same name are two. */
  private boolean isOfTheSame(Trace trace) {
    for (int i = 0; i < count; i++) {
      if (what[i] != trace.what[i]) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(hash);
  }
}
