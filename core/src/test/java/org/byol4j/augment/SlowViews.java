package org.byol4j.augment;

import java.util.function.Consumer;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.image.Image;

/**
 * The view recipe once more, plainly and in double, after the papers' and libraries' formulas:
 * images are {@code [y][x][channel]}. Shares no code with what it checks.
 */
final class SlowViews {
  private SlowViews() {}

  static double[][][] crop(Image image, CropBox box) {
    double[][][] out = new double[box.height()][box.width()][3];
    for (int y = 0; y < box.height(); y++) {
      for (int x = 0; x < box.width(); x++) {
        for (int c = 0; c < 3; c++) {
          out[y][x][c] = image.at(box.top() + y, box.left() + x, c) / 255.0;
        }
      }
    }
    return out;
  }

  static double[][][] resize(double[][][] in, int height, int width, boolean antialias) {
    int inHeight = in.length;
    int inWidth = in[0].length;
    double[][][] out = new double[height][width][3];
    for (int y = 0; y < height; y++) {
      double[] down = weights(inHeight, height, y, antialias);
      for (int x = 0; x < width; x++) {
        double[] across = weights(inWidth, width, x, antialias);
        for (int c = 0; c < 3; c++) {
          double sum = 0;
          for (int i = 0; i < inHeight; i++) {
            if (down[i] == 0) {
              continue;
            }
            for (int j = 0; j < inWidth; j++) {
              sum += down[i] * across[j] * in[i][j][c];
            }
          }
          out[y][x][c] = clip(sum);
        }
      }
    }
    return out;
  }

  /** The weight of every source pixel, most of them 0. */
  private static double[] weights(int source, int target, int at, boolean antialias) {
    double scale = (double) source / target;
    double stretch = antialias && scale > 1 ? scale : 1;
    double centre = (at + 0.5) * scale;
    double[] weights = new double[source];
    double sum = 0;
    for (int i = 0; i < source; i++) {
      weights[i] = keys((i + 0.5 - centre) / stretch);
      sum += weights[i];
    }
    for (int i = 0; i < source; i++) {
      weights[i] /= sum;
    }
    return weights;
  }

  /** Keys 1981 with a = -1/2. */
  private static double keys(double distance) {
    double s = Math.abs(distance);
    if (s < 1) {
      return 1.5 * s * s * s - 2.5 * s * s + 1;
    }
    return s < 2 ? -0.5 * s * s * s + 2.5 * s * s - 4 * s + 2 : 0;
  }

  static double[][][] flip(double[][][] in) {
    double[][][] out = new double[in.length][][];
    for (int y = 0; y < in.length; y++) {
      out[y] = new double[in[y].length][];
      for (int x = 0; x < in[y].length; x++) {
        out[y][x] = in[y][in[y].length - 1 - x];
      }
    }
    return out;
  }

  static void jitter(double[][][] image, Style style, Jitter jitter) {
    for (int place = 0; place < 4; place++) {
      switch (jitter.operation(place)) {
        case BRIGHTNESS -> brightness(image, style, jitter.brightness());
        case CONTRAST -> contrast(image, style, jitter.contrast());
        case SATURATION -> saturation(image, style, jitter.saturation());
        case HUE -> hue(image, jitter.hue());
      }
    }
  }

  static void brightness(double[][][] image, Style style, double amount) {
    each(
        image,
        p -> {
          for (int c = 0; c < 3; c++) {
            p[c] = style == Style.DEEPMIND ? p[c] + amount : p[c] * amount;
          }
        });
  }

  static void contrast(double[][][] image, Style style, double factor) {
    double[] mean = new double[3];
    double pixels = (double) image.length * image[0].length;
    for (double[][] row : image) {
      for (double[] p : row) {
        for (int c = 0; c < 3; c++) {
          mean[c] += (style == Style.DEEPMIND ? p[c] : gray(p)) / pixels;
        }
      }
    }
    each(
        image,
        p -> {
          for (int c = 0; c < 3; c++) {
            p[c] = factor * (p[c] - mean[c]) + mean[c];
          }
        });
  }

  static void saturation(double[][][] image, Style style, double factor) {
    each(
        image,
        p -> {
          if (style == Style.TORCHVISION) {
            double gray = gray(p);
            for (int c = 0; c < 3; c++) {
              p[c] = factor * p[c] + (1 - factor) * gray;
            }
            return;
          }
          double[] hsv = toHsv(p);
          hsv[1] = clip(hsv[1] * factor);
          toRgb(hsv, p);
        });
  }

  static void hue(double[][][] image, double turn) {
    each(
        image,
        p -> {
          double[] hsv = toHsv(p);
          hsv[0] = (hsv[0] + turn + 1) % 1;
          toRgb(hsv, p);
        });
  }

  static void grayscale(double[][][] image) {
    each(image, p -> p[0] = p[1] = p[2] = gray(p));
  }

  static double[][][] blur(double[][][] in, Style style, double sigma) {
    int size = in.length;
    int radius = (int) (size / 10.0 / 2);
    double[][][] out = new double[size][size][3];
    double total = 0;
    for (int i = -radius; i <= radius; i++) {
      total += Math.exp(-i * i / (2 * sigma * sigma));
    }
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        for (int dy = -radius; dy <= radius; dy++) {
          for (int dx = -radius; dx <= radius; dx++) {
            double weight = Math.exp(-(dy * dy + dx * dx) / (2 * sigma * sigma)) / (total * total);
            int sy = y + dy;
            int sx = x + dx;
            if (style == Style.TORCHVISION) {
              sy = reflect(sy, size);
              sx = reflect(sx, size);
            } else if (sy < 0 || sy >= size || sx < 0 || sx >= size) {
              continue;
            }
            for (int c = 0; c < 3; c++) {
              out[y][x][c] += weight * in[sy][sx][c];
            }
          }
        }
      }
    }
    return out;
  }

  static void solarize(double[][][] image, double threshold) {
    each(
        image,
        p -> {
          for (int c = 0; c < 3; c++) {
            p[c] = p[c] < threshold ? p[c] : 1 - p[c];
          }
        });
  }

  static double[][][] view(Image image, AugmentSettings settings, ViewParameters parameters) {
    int size = settings.size();
    double[][][] view =
        resize(crop(image, parameters.crop()), size, size, settings.style() == Style.TORCHVISION);
    if (parameters.flip()) {
      view = flip(view);
    }
    if (parameters.jittered()) {
      jitter(view, settings.style(), parameters.jitter());
    }
    if (parameters.grayscale()) {
      grayscale(view);
    }
    if (parameters.blurred()) {
      view = blur(view, settings.style(), parameters.sigma());
    }
    if (parameters.solarized()) {
      solarize(view, parameters.solarizeThreshold());
    }
    return normalize(view, settings);
  }

  static double[][][] normalize(double[][][] image, AugmentSettings settings) {
    for (double[][] row : image) {
      for (double[] p : row) {
        for (int c = 0; c < 3; c++) {
          p[c] = (clip(p[c]) - settings.mean().get(c)) / settings.std().get(c);
        }
      }
    }
    return image;
  }

  private static int reflect(int at, int size) {
    int mirrored = Math.abs(at);
    return mirrored >= size ? 2 * (size - 1) - mirrored : mirrored;
  }

  private static double gray(double[] p) {
    return 0.2989 * p[0] + 0.5870 * p[1] + 0.1140 * p[2];
  }

  private static double[] toHsv(double[] p) {
    double max = Math.max(p[0], Math.max(p[1], p[2]));
    double min = Math.min(p[0], Math.min(p[1], p[2]));
    double range = max - min;
    if (range == 0) {
      return new double[] {0, 0, max};
    }
    double sixths;
    if (p[0] == max) {
      sixths = ((p[1] - p[2]) / range + 6) % 6;
    } else if (p[1] == max) {
      sixths = (p[2] - p[0]) / range + 2;
    } else {
      sixths = (p[0] - p[1]) / range + 4;
    }
    return new double[] {sixths / 6, range / max, max};
  }

  private static void toRgb(double[] hsv, double[] p) {
    double sixths = hsv[0] * 6 % 6;
    double chroma = hsv[1] * hsv[2];
    double second = chroma * (1 - Math.abs(sixths % 2 - 1));
    double[][] pieces = {
      {chroma, second, 0},
      {second, chroma, 0},
      {0, chroma, second},
      {0, second, chroma},
      {second, 0, chroma},
      {chroma, 0, second}
    };
    for (int c = 0; c < 3; c++) {
      p[c] = pieces[(int) sixths][c] + hsv[2] - chroma;
    }
  }

  private static double clip(double x) {
    return Math.max(0, Math.min(1, x));
  }

  private static void each(double[][][] image, Consumer<double[]> operation) {
    for (double[][] row : image) {
      for (double[] p : row) {
        operation.accept(p);
        for (int c = 0; c < 3; c++) {
          p[c] = clip(p[c]);
        }
      }
    }
  }
}
