package org.byol4j.augment;

import org.byol4j.image.Image;

/**
 * Cuts a box out of an image and resizes it to a square, bicubic, to three planes of floats in
 * [0,1].
 *
 * <p>Rows are summed first, while they are as long as the box is wide; blocks of summed rows are
 * then turned on their side, so that the sums along the other axis too run over memory in order.
 * The planes therefore come out transposed: {@code plane[x * size + y]}.
 */
final class CropResize {
  /** The most floats of a block on its side; bounds the memory for very wide images. */
  private static final int BLOCK_FLOATS = 1 << 21;

  /** Rows that are turned on their side at once: one cache line of floats. */
  private static final int TURNED_ROWS = 16;

  private static final int CHANNELS = Image.CHANNELS;

  private final int size;
  private final CubicAxis rows = new CubicAxis();
  private final CubicAxis columns = new CubicAxis();

  /** Source rows as floats, row y at slot {@code y % capacity}. */
  private float[] ring = new float[0];

  private float[] summed = new float[0];
  private float[] turned = new float[0];

  /**
   * @param size height and width of the result, in pixels
   */
  CropResize(int size) {
    this.size = size;
  }

  /**
   * Resizes the box to the square.
   *
   * @param flip whether the result is mirrored left to right
   * @param planes red, green and blue, {@code [size * size]} each, transposed
   */
  void resize(Image image, CropBox box, boolean antialias, boolean flip, float[][] planes) {
    rows.set(box.height(), size, 0, size, antialias, false, 1.0 / 255);
    columns.set(box.width(), size, 0, size, antialias, flip, 1);
    sum(image, box, planes);
  }

  /**
   * Resizes the whole image to {@code height} x {@code width} and keeps the square in the middle,
   * as torchvision's {@code Resize} and {@code CenterCrop} do.
   *
   * @param height at least the square's side
   * @param width at least the square's side
   */
  void resizeAndCentre(Image image, int height, int width, boolean antialias, float[][] planes) {
    int top = (int) Math.rint((height - size) / 2.0);
    int left = (int) Math.rint((width - size) / 2.0);
    rows.set(image.height(), height, top, size, antialias, false, 1.0 / 255);
    columns.set(image.width(), width, left, size, antialias, false, 1);
    sum(image, new CropBox(0, 0, image.height(), image.width()), planes);
  }

  private void sum(Image image, CropBox box, float[][] planes) {
    int run = box.width() * CHANNELS;
    int capacity = rows.maxTaps();
    int block = Math.max(1, Math.min(size, BLOCK_FLOATS / run));
    ring = reserve(ring, capacity * run);
    summed = reserve(summed, TURNED_ROWS * run);
    turned = reserve(turned, block * run);
    int next = rows.first(0);
    for (int y = 0; y < size; y += block) {
      int height = Math.min(block, size - y);
      next = sumRows(image, box, y, height, next);
      sumColumns(y, height, planes);
    }
  }

  /**
   * Makes target rows {@code from} on, on their side; returns the first source row not yet read.
   */
  private int sumRows(Image image, CropBox box, int from, int height, int firstUnread) {
    int run = box.width() * CHANNELS;
    int capacity = rows.maxTaps();
    int next = firstUnread;
    for (int y = 0; y < height; y++) {
      int first = rows.first(from + y);
      int taps = rows.taps(from + y);
      for (next = Math.max(next, first); next < first + taps; next++) {
        int at = ((box.top() + next) * image.width() + box.left()) * CHANNELS;
        toFloats(image.rgb(), at, ring, (next % capacity) * run, run);
      }
      int slot = first % capacity;
      int straight = Math.min(taps, capacity - slot);
      int weight = rows.offset(from + y);
      int to = (y % TURNED_ROWS) * run;
      Taps.sum(ring, slot * run, run, rows.weights(), weight, straight, summed, to, run, false);
      if (straight < taps) {
        Taps.sum(
            ring,
            0,
            run,
            rows.weights(),
            weight + straight,
            taps - straight,
            summed,
            to,
            run,
            true);
      }
      if (y % TURNED_ROWS == TURNED_ROWS - 1 || y == height - 1) {
        int count = y % TURNED_ROWS + 1;
        turn(summed, run, turned, y + 1 - count, height, count);
      }
    }
    return next;
  }

  private void sumColumns(int from, int height, float[][] planes) {
    for (int x = 0; x < size; x++) {
      for (int channel = 0; channel < CHANNELS; channel++) {
        Taps.sum(
            turned,
            (columns.first(x) * CHANNELS + channel) * height,
            CHANNELS * height,
            columns.weights(),
            columns.offset(x),
            columns.taps(x),
            planes[channel],
            x * size + from,
            height,
            false);
      }
    }
    for (int channel = 0; channel < CHANNELS; channel++) {
      clip(planes[channel], from, height);
    }
  }

  private void clip(float[] plane, int from, int height) {
    for (int x = 0; x < size; x++) {
      Planes.clip(plane, x * size + from, height);
    }
  }

  private static void toFloats(byte[] from, int at, float[] to, int offset, int length) {
    for (int i = 0; i < length; i++) {
      to[offset + i] = from[at + i] & 0xff;
    }
  }

  /** {@code to[i * height + first + j] = from[j * run + i]} for the rows {@code j < count}. */
  private static void turn(float[] from, int run, float[] to, int first, int height, int count) {
    for (int i = 0; i < run; i++) {
      int at = i * height + first;
      for (int j = 0; j < count; j++) {
        to[at + j] = from[j * run + i];
      }
    }
  }

  private static float[] reserve(float[] array, int length) {
    return array.length < length ? new float[length] : array;
  }
}
