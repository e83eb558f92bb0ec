package org.byol4j.augment;

import java.nio.FloatBuffer;
import java.util.List;
import org.byol4j.image.Image;

/** Operations on whole planes of one image, and the way out of them into a batch. */
final class Planes {
  private static final int CHANNELS = Image.CHANNELS;

  private final int size;
  private final float[][] planes;
  private final float[] scale = new float[CHANNELS];
  private final float[] shift = new float[CHANNELS];
  private final float[] rows;

  /**
   * @param size height and width, in pixels
   * @param mean subtracted from red, green and blue
   * @param std what the difference is divided by
   */
  Planes(int size, List<Double> mean, List<Double> std) {
    this.size = size;
    this.planes = new float[CHANNELS][size * size];
    this.rows = new float[ROWS_AT_ONCE * size * CHANNELS];
    for (int channel = 0; channel < CHANNELS; channel++) {
      scale[channel] = (float) (1 / std.get(channel));
      shift[channel] = (float) (-mean.get(channel) / std.get(channel));
    }
  }

  private static final int ROWS_AT_ONCE = 16;

  /** Red, green and blue, transposed: {@code [x * size + y]}. */
  float[][] all() {
    return planes;
  }

  /** Clips a run to [0,1]. */
  static void clip(float[] plane, int offset, int length) {
    for (int i = 0; i < length; i++) {
      plane[offset + i] = Math.min(1f, Math.max(0f, plane[offset + i]));
    }
  }

  /** Inverts values from the threshold on: {@code x < t ? x : 1 - x}. */
  void solarize(float threshold) {
    for (float[] plane : planes) {
      for (int i = 0; i < plane.length; i++) {
        float value = plane[i];
        plane[i] = value < threshold ? value : 1 - value;
      }
    }
  }

  /**
   * Clips to [0,1], normalizes, and writes {@code [size, size, 3]}.
   *
   * @param offset the index of the first value; the buffer's position stays
   */
  void write(FloatBuffer to, int offset) {
    for (int channel = 0; channel < CHANNELS; channel++) {
      normalize(planes[channel], scale[channel], shift[channel]);
    }
    int run = size * CHANNELS;
    for (int y = 0; y < size; y += ROWS_AT_ONCE) {
      int count = Math.min(ROWS_AT_ONCE, size - y);
      for (int channel = 0; channel < CHANNELS; channel++) {
        interleave(planes[channel], y, count, channel);
      }
      to.put(offset + y * run, rows, 0, count * run);
    }
  }

  private static void normalize(float[] plane, float scale, float shift) {
    for (int i = 0; i < plane.length; i++) {
      plane[i] = Math.min(1f, Math.max(0f, plane[i])) * scale + shift;
    }
  }

  private void interleave(float[] plane, int y, int count, int channel) {
    int run = size * CHANNELS;
    for (int x = 0; x < size; x++) {
      int from = x * size + y;
      int to = x * CHANNELS + channel;
      for (int j = 0; j < count; j++) {
        rows[to + j * run] = plane[from + j];
      }
    }
  }
}
