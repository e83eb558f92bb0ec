package org.byol4j.device.onednn;

import static org.byol4j.device.onednn.Winograd.KERNEL;
import static org.byol4j.device.onednn.Winograd.POINTS;

/**
 * The ways between 3x3 filters, {@code [output, input, 3, 3]}, and their values at Winograd's
 * points, {@code [36, output, input]}.
 */
final class WinogradFilters {

  private static final int TAPS = KERNEL * KERNEL;

  /** Pairs of channels in a piece of a loop. */
  private static final int PIECE = 16 * Tiles.PATCH;

  private final Tiles tiles;
  private final int pairs;
  private final Workers.Task toPoints = this::toPoints;
  private final Workers.Task addTaps = this::addTaps;

  /** The loop that is running: a device runs one at a time. */
  private NativeTensor filters;

  private NativeMemory points;

  WinogradFilters(Engine engine, int pairs) {
    tiles = engine.tiles();
    tiles.atLeast(TAPS * Tiles.PATCH);
    this.pairs = pairs;
  }

  /** Takes filters to points, which lie at the beginning of {@code to}. */
  void toPoints(NativeTensor weights, NativeMemory to) {
    run(toPoints, weights, to);
  }

  /** Takes gradients at points, at the beginning of {@code from}, back to filters and adds them. */
  void addGradient(NativeMemory from, NativeTensor gradient) {
    run(addTaps, gradient, from);
    gradient.memory().changed();
  }

  private void run(Workers.Task task, NativeTensor tensor, NativeMemory atPoints) {
    tensor.memory().requireOpen();
    filters = tensor;
    points = atPoints;
    tiles.run(task, (pairs + PIECE - 1) / PIECE, (long) pairs * POINTS);
  }

  private void toPoints(int piece, int worker) {
    float[][] patch = tiles.patch(worker);
    float[] taps = tiles.array(worker, 0);
    int end = Math.min(pairs, (piece + 1) * PIECE);
    for (int at = piece * PIECE; at < end; at += Tiles.PATCH) {
      int count = Math.min(Tiles.PATCH, end - at);
      filters.get((long) at * TAPS, taps, count * TAPS);
      for (int tap = 0; tap < TAPS; tap++) {
        split(taps, tap, array(patch, tap), count);
      }
      Winograd.filter(patch, count);
      for (int point = 0; point < POINTS; point++) {
        points.put((long) point * pairs + at, patch[point], count);
      }
    }
  }

  private void addTaps(int piece, int worker) {
    float[][] patch = tiles.patch(worker);
    float[] taps = tiles.array(worker, 0);
    int end = Math.min(pairs, (piece + 1) * PIECE);
    for (int at = piece * PIECE; at < end; at += Tiles.PATCH) {
      int count = Math.min(Tiles.PATCH, end - at);
      for (int point = 0; point < POINTS; point++) {
        points.get((long) point * pairs + at, patch[point], count);
      }
      Winograd.filterGradient(patch, count);
      filters.get((long) at * TAPS, taps, count * TAPS);
      for (int tap = 0; tap < TAPS; tap++) {
        addInterleaved(taps, tap, array(patch, tap), count);
      }
      filters.put((long) at * TAPS, taps, count * TAPS);
    }
  }

  private static float[] array(float[][] patch, int tap) {
    return patch[Winograd.tap(tap / KERNEL, tap % KERNEL)];
  }

  private static void split(float[] taps, int tap, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = taps[i * TAPS + tap];
    }
  }

  private static void addInterleaved(float[] taps, int tap, float[] from, int count) {
    for (int i = 0; i < count; i++) {
      taps[i * TAPS + tap] += from[i];
    }
  }
}
