package org.byol4j.augment;

import org.byol4j.image.Image;

/**
 * Cuts a box out of an image and resizes it to a square, bicubic, to three planes of floats in
 * [0,1].
 *
 * <p>Rows are summed first, as long as the box is wide; the summed rows are then turned on their
 * side, so that the sums along the other axis too are sums of lines. The planes therefore come out
 * transposed: {@code planes[channel][x][y]}.
 */
final class CropResize {
  /** About how many floats lie on their side at once; bounds the memory for very wide images. */
  private static final int TURNED_FLOATS = 1 << 22;

  /** Summed rows that are turned at once. */
  private static final int TURNED_ROWS = 8;

  private static final int CHANNELS = Image.CHANNELS;

  private final int size;
  private final int turnedFloats;
  private final CubicAxis rows = new CubicAxis();
  private final CubicAxis columns = new CubicAxis();

  /** The source rows of one sum, as floats; source row y is at {@code y % ring.length}. */
  private float[][] ring = new float[0][0];

  /** The lines of the ring in the order of their taps. */
  private float[][] window = new float[0][];

  private float[][] summed = new float[TURNED_ROWS][0];

  /** {@code [channel][source column][target row]}. */
  private float[][][] turned = new float[CHANNELS][0][0];

  /**
   * @param size height and width of the result, in pixels
   */
  CropResize(int size) {
    this(size, TURNED_FLOATS);
  }

  /**
   * @param turnedFloats about how many floats may lie on their side at once
   */
  CropResize(int size, int turnedFloats) {
    this.size = size;
    this.turnedFloats = turnedFloats;
  }

  /**
   * Resizes the box to the square.
   *
   * @param flip whether the result is mirrored left to right
   * @param planes red, green and blue, transposed
   */
  void resize(Image image, CropBox box, boolean antialias, boolean flip, float[][][] planes) {
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
   * @param planes red, green and blue, transposed
   */
  void resizeAndCentre(Image image, int height, int width, boolean antialias, float[][][] planes) {
    int top = (int) Math.rint((height - size) / 2.0);
    int left = (int) Math.rint((width - size) / 2.0);
    rows.set(image.height(), height, top, size, antialias, false, 1.0 / 255);
    columns.set(image.width(), width, left, size, antialias, false, 1);
    sum(image, new CropBox(0, 0, image.height(), image.width()), planes);
  }

  private void sum(Image image, CropBox box, float[][][] planes) {
    reserve(box.width());
    int block = turned[0][0].length;
    int unread = 0;
    for (int y = 0; y < size; y += block) {
      int height = Math.min(block, size - y);
      unread = sumRows(image, box, y, height, unread);
      sumColumns(y, height, planes);
    }
    for (float[][] plane : planes) {
      for (float[] line : plane) {
        Lines.clip(line, size);
      }
    }
  }

  /**
   * Makes target rows {@code from} on, on their side; returns the first source row not yet read.
   */
  private int sumRows(Image image, CropBox box, int from, int height, int firstUnread) {
    int run = box.width() * CHANNELS;
    int unread = firstUnread;
    for (int y = 0; y < height; y++) {
      int first = rows.first(from + y);
      int taps = rows.taps(from + y);
      for (unread = Math.max(unread, first); unread < first + taps; unread++) {
        int at = ((box.top() + unread) * image.width() + box.left()) * CHANNELS;
        toFloats(image.rgb(), at, ring[unread % ring.length], run);
      }
      for (int t = 0; t < taps; t++) {
        window[t] = ring[(first + t) % ring.length];
      }
      int row = y % TURNED_ROWS;
      Lines.sum(window, 0, rows.weights(), rows.offset(from + y), taps, summed[row], run);
      if (row == TURNED_ROWS - 1 || y == height - 1) {
        for (int channel = 0; channel < CHANNELS; channel++) {
          Lines.turn(summed, channel, CHANNELS, turned[channel], y - row, box.width(), row + 1);
        }
      }
    }
    return unread;
  }

  private void sumColumns(int from, int height, float[][][] planes) {
    for (int x = 0; x < size; x++) {
      for (int channel = 0; channel < CHANNELS; channel++) {
        // a line's first values are where they belong only if the block is whole
        float[] line = height == size ? planes[channel][x] : summed[0];
        Lines.sum(
            turned[channel],
            columns.first(x),
            columns.weights(),
            columns.offset(x),
            columns.taps(x),
            line,
            height);
        if (height != size) {
          System.arraycopy(line, 0, planes[channel][x], from, height);
        }
      }
    }
  }

  private static void toFloats(byte[] from, int at, float[] to, int length) {
    for (int i = 0; i < length; i++) {
      to[i] = from[at + i] & 0xff;
    }
  }

  private void reserve(int width) {
    int run = width * CHANNELS;
    if (ring.length < rows.maxTaps() || summed[0].length < run) {
      int length = Math.max(Math.max(run, size), summed[0].length);
      ring = new float[Math.max(ring.length, rows.maxTaps())][length];
      window = new float[ring.length][];
      summed = new float[TURNED_ROWS][length];
    }
    if (turned[0].length < width) {
      int block = Math.min(size, Math.max(TURNED_ROWS, turnedFloats / run));
      turned = new float[CHANNELS][width][block];
    }
  }
}
