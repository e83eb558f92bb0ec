package org.byol4j.augment;

import java.nio.FloatBuffer;
import java.util.List;
import org.byol4j.image.Image;

/**
 * The three planes of the view being made, {@code [channel][line][place]}, and the way out of them
 * into a batch. Lines are columns until {@link #turn} makes them rows.
 */
final class Planes {
  private static final int CHANNELS = Image.CHANNELS;

  private final int size;
  private final float[] scale = new float[CHANNELS];
  private final float[] shift = new float[CHANNELS];
  private final float[] row;
  private float[][][] planes;
  private float[][][] spare;

  /**
   * @param size height and width, in pixels
   * @param mean subtracted from red, green and blue
   * @param std what the difference is divided by
   */
  Planes(int size, List<Double> mean, List<Double> std) {
    this.size = size;
    this.planes = new float[CHANNELS][size][size];
    this.spare = new float[CHANNELS][size][size];
    this.row = new float[size * CHANNELS];
    for (int channel = 0; channel < CHANNELS; channel++) {
      scale[channel] = (float) (1 / std.get(channel));
      shift[channel] = (float) (-mean.get(channel) / std.get(channel));
    }
  }

  /** Red, green and blue; valid until {@link #turn} or {@link #blurAndTurn}. */
  float[][][] all() {
    return planes;
  }

  /** Exchanges lines and places. */
  void turn() {
    for (int channel = 0; channel < CHANNELS; channel++) {
      Lines.turn(planes[channel], 0, 1, spare[channel], 0, size, size);
    }
    swap();
  }

  /** Blurs along both axes, one before and one after a {@link #turn}. */
  void blurAndTurn(GaussianBlur blur, double sigma) {
    blur.set(sigma);
    blurAcross(blur);
    turn();
    blurAcross(blur);
  }

  /** Inverts values from the threshold on: {@code x < t ? x : 1 - x}. */
  void solarize(float threshold) {
    for (float[][] plane : planes) {
      for (float[] line : plane) {
        for (int i = 0; i < line.length; i++) {
          float value = line[i];
          line[i] = value < threshold ? value : 1 - value;
        }
      }
    }
  }

  /**
   * Clips to [0,1], normalizes, and writes {@code [size, size, 3]}, a line being a row.
   *
   * @param offset the index of the first value; the buffer's position stays
   */
  void write(FloatBuffer to, int offset) {
    for (int y = 0; y < size; y++) {
      for (int channel = 0; channel < CHANNELS; channel++) {
        float[] line = planes[channel][y];
        normalize(line, scale[channel], shift[channel]);
        interleave(line, channel);
      }
      to.put(offset + y * row.length, row, 0, row.length);
    }
  }

  private void blurAcross(GaussianBlur blur) {
    for (int channel = 0; channel < CHANNELS; channel++) {
      blur.across(planes[channel], spare[channel]);
    }
    swap();
  }

  private void swap() {
    float[][][] filled = spare;
    spare = planes;
    planes = filled;
  }

  private static void normalize(float[] line, float scale, float shift) {
    for (int i = 0; i < line.length; i++) {
      line[i] = Math.min(1f, Math.max(0f, line[i])) * scale + shift;
    }
  }

  private void interleave(float[] line, int channel) {
    for (int x = 0; x < line.length; x++) {
      row[x * CHANNELS + channel] = line[x];
    }
  }
}
