package org.byol4j.device.onednn;

import static org.byol4j.device.onednn.Winograd.KERNEL;
import static org.byol4j.device.onednn.Winograd.POINTS;

/**
 * The ways between 3x3 filters, {@code [output, input, 3, 3]}, and their values at Winograd's
 * points, {@code [36, output, input]} in the staging area.
 */
final class WinogradFilters {

  private static final int TAPS = KERNEL * KERNEL;

  /** Pairs of channels in a piece of a loop. */
  private static final int PIECE = 16 * Tiles.PATCH;

  private final Tiles tiles;
  private final Scratch staging;
  private final int pairs;
  private final Workers.Task toPoints = this::toPoints;
  private final Workers.Task addTaps = this::addTaps;

  /** The loop that is running: a device runs one at a time. */
  private NativeTensor filters;

  private NativeMemory points;
  private long firstPoint;

  WinogradFilters(Engine engine, int pairs) {
    tiles = engine.tiles();
    tiles.atLeast(TAPS * Tiles.PATCH);
    staging = engine.staging();
    this.pairs = pairs;
  }

  /**
   * Takes filters to points.
   *
   * @param at where the points begin in the staging area, in elements
   */
  void toPoints(NativeTensor weights, long at) {
    run(toPoints, weights, at);
  }

  /** Takes gradients at points back to filters and adds them to {@code gradient}. */
  void addGradient(long at, NativeTensor gradient) {
    run(addTaps, gradient, at);
    gradient.memory().changed();
  }

  private void run(Workers.Task task, NativeTensor tensor, long at) {
    tensor.memory().requireOpen();
    filters = tensor;
    points = staging.area();
    firstPoint = at;
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
        points.put(firstPoint + (long) point * pairs + at, patch[point], count);
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
        points.get(firstPoint + (long) point * pairs + at, patch[point], count);
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
