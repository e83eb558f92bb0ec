package org.byol4j.augment;

import java.util.Arrays;
import org.byol4j.augment.AugmentSettings.Style;

/**
 * The colour operations on three planes of lines, each clipped to [0,1] and in place. What
 * DeepMind's and torchvision's formulas share is written once.
 *
 * <p>Loops are short and free of branches, so that the JIT compiler turns them into vector
 * instructions.
 */
final class ColourJitter {
  private static final float RED = 0.2989f;
  private static final float GREEN = 0.5870f;
  private static final float BLUE = 0.1140f;

  private final Style style;
  private final int size;
  private final float[] gray;
  private final float[] value;
  private final float[] low;
  private final float[] blueLowest;
  private final float[] redLowest;
  private final float[] hue;

  /**
   * @param size height and width of the planes, in pixels
   */
  ColourJitter(Style style, int size) {
    this.style = style;
    this.size = size;
    this.gray = new float[size];
    this.value = new float[size];
    this.low = new float[size];
    this.blueLowest = new float[size];
    this.redLowest = new float[size];
    this.hue = new float[size];
  }

  /** Runs the four operations in their order. */
  void apply(Jitter jitter, float[][][] planes) {
    for (int place = 0; place < Jitter.OPERATIONS; place++) {
      switch (jitter.operation(place)) {
        case BRIGHTNESS -> brightness(planes, (float) jitter.brightness());
        case CONTRAST -> contrast(planes, (float) jitter.contrast());
        case SATURATION -> saturation(planes, (float) jitter.saturation());
        case HUE -> hue(planes, (float) jitter.hue());
      }
    }
  }

  /** Replaces all channels by {@code .2989 r + .5870 g + .1140 b}. */
  void grayscale(float[][][] planes) {
    for (int i = 0; i < size; i++) {
      gray(planes[0][i], planes[1][i], planes[2][i], gray);
      for (float[][] plane : planes) {
        System.arraycopy(gray, 0, plane[i], 0, size);
      }
    }
  }

  /** deepmind: {@code x + amount}; torchvision: {@code x * amount}. */
  void brightness(float[][][] planes, float amount) {
    float factor = style == Style.DEEPMIND ? 1 : amount;
    float shift = style == Style.DEEPMIND ? amount : 0;
    for (float[][] plane : planes) {
      scale(plane, factor, shift);
    }
  }

  /**
   * {@code factor * (x - mean) + mean}, with each channel's own mean (deepmind) or the gray image's
   * (torchvision).
   */
  void contrast(float[][][] planes, float factor) {
    double red = mean(planes[0]);
    double green = mean(planes[1]);
    double blue = mean(planes[2]);
    if (style == Style.TORCHVISION) {
      double mean = RED * red + GREEN * green + BLUE * blue;
      red = mean;
      green = mean;
      blue = mean;
    }
    scale(planes[0], factor, (float) (red * (1 - factor)));
    scale(planes[1], factor, (float) (green * (1 - factor)));
    scale(planes[2], factor, (float) (blue * (1 - factor)));
  }

  /**
   * deepmind: multiplies the saturation of HSV, at most 1; torchvision: {@code factor * x + (1 -
   * factor) * gray}.
   */
  void saturation(float[][][] planes, float factor) {
    for (int i = 0; i < size; i++) {
      float[] red = planes[0][i];
      float[] green = planes[1][i];
      float[] blue = planes[2][i];
      if (style == Style.DEEPMIND) {
        hsvSaturation(red, green, blue, factor);
        continue;
      }
      gray(red, green, blue, gray);
      blend(red, gray, factor);
      blend(green, gray, factor);
      blend(blue, gray, factor);
    }
  }

  /**
   * Turns the hue of HSV by a share of the colour circle, -0.5 to 0.5.
   *
   * <p>With V the largest and m the smallest channel, C = V - m, and hue H in sixths of the circle,
   * the channel n (5 red, 3 green, 1 blue) is {@code V - C clip(2 - d, 0, 1)}, d being the distance
   * of (n + H) from 2 on the circle of 6.
   */
  void hue(float[][][] planes, float turn) {
    for (int i = 0; i < size; i++) {
      float[] red = planes[0][i];
      float[] green = planes[1][i];
      float[] blue = planes[2][i];
      extremes(red, green, blue, value, low);
      lowest(blue, low, blueLowest);
      lowest(red, low, redLowest);
      hueInSixths(red, green, blue, value, low, blueLowest, redLowest, hue);
      fromHue(value, low, hue, 6 * turn - 3, red);
      fromHue(value, low, hue, 6 * turn - 5, green);
      fromHue(value, low, hue, 6 * turn - 7, blue);
    }
  }

  private static void scale(float[][] plane, float factor, float shift) {
    for (float[] line : plane) {
      for (int i = 0; i < line.length; i++) {
        line[i] = Math.min(1f, Math.max(0f, line[i] * factor + shift));
      }
    }
  }

  private static void blend(float[] line, float[] gray, float factor) {
    float rest = 1 - factor;
    for (int i = 0; i < line.length; i++) {
      line[i] = Math.min(1f, Math.max(0f, line[i] * factor + gray[i] * rest));
    }
  }

  private static void gray(float[] red, float[] green, float[] blue, float[] gray) {
    for (int i = 0; i < gray.length; i++) {
      gray[i] = RED * red[i] + GREEN * green[i] + BLUE * blue[i];
    }
  }

  /** Sums lines place by place in float, then the places in double. */
  private double mean(float[][] plane) {
    float[] sums = value;
    Arrays.fill(sums, 0);
    for (float[] line : plane) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] += line[i];
      }
    }
    double sum = 0;
    for (float part : sums) {
      sum += part;
    }
    return sum / ((double) size * size);
  }

  /**
   * HSV's saturation is (V - m) / V, and a channel is V - S V f with f in [0,1] given by the hue;
   * so a factor on S scales each channel's distance from V, and S at most 1 limits the factor to V
   * / (V - m).
   */
  private static void hsvSaturation(float[] red, float[] green, float[] blue, float factor) {
    for (int i = 0; i < red.length; i++) {
      float r = red[i];
      float g = green[i];
      float b = blue[i];
      float value = Math.max(r, Math.max(g, b));
      float range = value - Math.min(r, Math.min(g, b));
      float scaled = Math.min(factor, value / Math.max(range, Float.MIN_NORMAL));
      red[i] = value - (value - r) * scaled;
      green[i] = value - (value - g) * scaled;
      blue[i] = value - (value - b) * scaled;
    }
  }

  private static void extremes(
      float[] red, float[] green, float[] blue, float[] value, float[] low) {
    for (int i = 0; i < value.length; i++) {
      value[i] = Math.max(red[i], Math.max(green[i], blue[i]));
      low[i] = Math.min(red[i], Math.min(green[i], blue[i]));
    }
  }

  /**
   * H is one of three straight pieces over C, chosen by the smallest channel: g - r + C if that is
   * blue, b - g + 3C if red, r - b + 5C if green. The choice is made by factors that are 0 or 1.
   */
  private static void hueInSixths(
      float[] red,
      float[] green,
      float[] blue,
      float[] value,
      float[] low,
      float[] blueLowest,
      float[] redLowest,
      float[] hue) {
    for (int i = 0; i < hue.length; i++) {
      float c = value[i] - low[i];
      float r = red[i];
      float g = green[i];
      float b = blue[i];
      float isBlue = blueLowest[i];
      float isRed = redLowest[i] * (1 - isBlue);
      float isGreen = 1 - isBlue - isRed;
      hue[i] = isBlue * (g - r + c) + isRed * (b - g + 3 * c) + isGreen * (r - b + 5 * c);
    }
    for (int i = 0; i < hue.length; i++) {
      hue[i] /= Math.max(value[i] - low[i], Float.MIN_NORMAL);
    }
  }

  /** 1 where the channel is the lowest and 0 where it is above, by the smallest float even. */
  private static void lowest(float[] channel, float[] low, float[] lowest) {
    for (int i = 0; i < lowest.length; i++) {
      lowest[i] = 1 - Math.min(1f, (channel[i] - low[i]) * 1e38f * 1e8f);
    }
  }

  /**
   * {@code shift} is n - 8 and the turn, so that the places 2, 8 and 14 that have distance 0 lie at
   * -6, 0 and 6; folding twice at 3 gives the distance from the nearest.
   */
  private static void fromHue(
      float[] value, float[] low, float[] hue, float shift, float[] channel) {
    for (int i = 0; i < channel.length; i++) {
      float distance = Math.abs(3 - Math.abs(3 - Math.abs(hue[i] + shift)));
      float share = Math.max(0f, Math.min(1f, 2 - distance));
      channel[i] = value[i] - (value[i] - low[i]) * share;
    }
  }
}
