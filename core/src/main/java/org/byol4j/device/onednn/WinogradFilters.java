package org.byol4j.device.onednn;

import static org.byol4j.device.onednn.Winograd.KERNEL;
import static org.byol4j.device.onednn.Winograd.POINTS;

/**
 * The loop over the pairs of channels of a convolution that takes 3x3 filters, {@code [9, pair]},
 * to Winograd's points, {@code [36, pair]}, and the one that takes the gradients of these back.
 */
final class WinogradFilters {

  /** Pairs of a piece of the loop. */
  private static final int PIECE = 16 * Tiles.PATCH;

  private final Tiles tiles;
  private final int pairs;
  private final Workers.Task toPoints = this::toPoints;
  private final Workers.Task toTaps = this::toTaps;

  private NativeMemory taps;
  private long firstTap;
  private NativeMemory points;
  private long firstPoint;

  WinogradFilters(Engine engine, int pairs) {
    tiles = engine.tiles();
    this.pairs = pairs;
  }

  /** Transforms filters; both places are given in elements from the start of their memory. */
  void toPoints(NativeMemory from, long fromAt, NativeMemory to, long toAt) {
    begin(from, fromAt, to, toAt);
    run(toPoints);
  }

  /** Transforms gradients at points to gradients of filters; places as above. */
  void toTaps(NativeMemory from, long fromAt, NativeMemory to, long toAt) {
    begin(to, toAt, from, fromAt);
    run(toTaps);
  }

  private void begin(NativeMemory newTaps, long tapsAt, NativeMemory newPoints, long pointsAt) {
    taps = newTaps;
    firstTap = tapsAt;
    points = newPoints;
    firstPoint = pointsAt;
  }

  private void run(Workers.Task task) {
    tiles.run(task, (pairs + PIECE - 1) / PIECE, (long) pairs * POINTS);
  }

  private void toPoints(int piece, int worker) {
    float[][] patch = tiles.patch(worker);
    int end = Math.min(pairs, (piece + 1) * PIECE);
    for (int at = piece * PIECE; at < end; at += Tiles.PATCH) {
      int count = Math.min(Tiles.PATCH, end - at);
      for (int tap = 0; tap < KERNEL * KERNEL; tap++) {
        taps.get(firstTap + (long) tap * pairs + at, array(patch, tap), count);
      }
      Winograd.filter(patch, count);
      for (int point = 0; point < POINTS; point++) {
        points.put(firstPoint + (long) point * pairs + at, patch[point], count);
      }
    }
  }

  private void toTaps(int piece, int worker) {
    float[][] patch = tiles.patch(worker);
    int end = Math.min(pairs, (piece + 1) * PIECE);
    for (int at = piece * PIECE; at < end; at += Tiles.PATCH) {
      int count = Math.min(Tiles.PATCH, end - at);
      for (int point = 0; point < POINTS; point++) {
        points.get(firstPoint + (long) point * pairs + at, patch[point], count);
      }
      Winograd.filterGradient(patch, count);
      for (int tap = 0; tap < KERNEL * KERNEL; tap++) {
        taps.put(firstTap + (long) tap * pairs + at, array(patch, tap), count);
      }
    }
  }

  private static float[] array(float[][] patch, int tap) {
    return patch[Winograd.tap(tap / KERNEL, tap % KERNEL)];
  }
}
