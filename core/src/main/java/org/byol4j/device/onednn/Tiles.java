package org.byol4j.device.onednn;

import java.util.Arrays;

/**
 * Scratch arrays for loops over native memory, a piece at a time: copied to an array that fits the
 * first-level cache, worked on by long one-dimensional loops, which C2 vectorizes, and copied back.
 */
final class Tiles {

  /** Elements of a tile: 8 KiB. */
  static final int LENGTH = 2048;

  /** Fewer elements than this are not worth waking another thread. */
  private static final int WORTH_SHARING = 1 << 15;

  private static final int ARRAYS = 6;

  /** Elements of an array of a patch: all of them together fit the first-level cache. */
  static final int PATCH = 256;

  private final Workers workers;
  private final float[][][] arrays;
  private final float[][][] patches;

  Tiles(Workers workers) {
    this.workers = workers;
    arrays = new float[workers.count()][ARRAYS][LENGTH];
    patches = new float[workers.count()][Winograd.POINTS + 2][PATCH];
  }

  /** Makes tiles at least {@code length} long; called while operations are made. */
  void atLeast(int length) {
    for (float[][] mine : arrays) {
      for (int i = 0; i < ARRAYS; i++) {
        if (mine[i].length < length) {
          mine[i] = Arrays.copyOf(mine[i], length);
        }
      }
    }
  }

  /** The {@code index}-th of a worker's arrays; what is in it is whatever was left there. */
  float[] array(int worker, int index) {
    return arrays[worker][index];
  }

  /** A worker's 38 short arrays; what is in them is whatever was left there. */
  float[][] patch(int worker) {
    return patches[worker];
  }

  /** Runs a loop over {@code elements} elements cut into {@code pieces}. */
  void run(Workers.Task task, int pieces, long elements) {
    if (elements >= WORTH_SHARING) {
      workers.run(task, pieces);
      return;
    }
    for (int piece = 0; piece < pieces; piece++) {
      task.run(piece, 0);
    }
  }
}
