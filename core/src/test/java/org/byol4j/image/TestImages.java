package org.byol4j.image;

import java.io.ByteArrayOutputStream;
import java.util.Random;

/** Images whose pixels a test can foretell, and bytes around them. */
public final class TestImages {
  private TestImages() {}

  /** Independent values, 0 to 255. */
  public static Image noise(int height, int width, long seed) {
    byte[] rgb = new byte[height * width * Image.CHANNELS];
    new Random(seed).nextBytes(rgb);
    return new Image(height, width, rgb);
  }

  /** Smooth waves, each channel its own, with values over the whole range. */
  public static Image waves(int height, int width, long seed) {
    Random random = new Random(seed);
    byte[] rgb = new byte[height * width * Image.CHANNELS];
    for (int channel = 0; channel < Image.CHANNELS; channel++) {
      double down = random.nextDouble() * 0.2;
      double across = random.nextDouble() * 0.2;
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          double value = 128 + 127 * Math.sin(down * y + across * x + channel);
          rgb[(y * width + x) * Image.CHANNELS + channel] = (byte) Math.rint(value);
        }
      }
    }
    return new Image(height, width, rgb);
  }

  /** One colour. */
  static Image flat(int height, int width, int red, int green, int blue) {
    byte[] rgb = new byte[height * width * Image.CHANNELS];
    for (int i = 0; i < rgb.length; i += Image.CHANNELS) {
      rgb[i] = (byte) red;
      rgb[i + 1] = (byte) green;
      rgb[i + 2] = (byte) blue;
    }
    return new Image(height, width, rgb);
  }

  /** Left half (250, 20, 20), right half (20, 20, 250). */
  static Image halves(int height, int width) {
    Image image = flat(height, width, 250, 20, 20);
    for (int y = 0; y < height; y++) {
      for (int x = width / 2; x < width; x++) {
        image.rgb()[(y * width + x) * Image.CHANNELS] = 20;
        image.rgb()[(y * width + x) * Image.CHANNELS + 2] = (byte) 250;
      }
    }
    return image;
  }

  /** A JPEG with an EXIF segment of one entry, the orientation, behind its first marker. */
  static byte[] withOrientation(byte[] jpeg, int orientation) {
    byte[] exif = {
      (byte) 0xff,
      (byte) 0xe1,
      0,
      34,
      'E',
      'x',
      'i',
      'f',
      0,
      0,
      'M',
      'M',
      0,
      42,
      0,
      0,
      0,
      8,
      0,
      1,
      0x01,
      0x12,
      0,
      3,
      0,
      0,
      0,
      1,
      0,
      (byte) orientation,
      0,
      0,
      0,
      0,
      0,
      0
    };
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(jpeg, 0, 2);
    out.writeBytes(exif);
    out.write(jpeg, 2, jpeg.length - 2);
    return out.toByteArray();
  }

  /** Where two bytes first stand side by side. */
  static int indexOf(byte[] bytes, int first, int second) {
    for (int i = 0; i + 1 < bytes.length; i++) {
      if ((bytes[i] & 0xff) == first && (bytes[i + 1] & 0xff) == second) {
        return i;
      }
    }
    throw new IllegalArgumentException("bytes %02x %02x not found".formatted(first, second));
  }
}
