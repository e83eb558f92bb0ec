package org.byol4j.image;

import java.util.Arrays;

/**
 * The pixels of a picture: red, green and blue, 8 bits each, {@code [height, width, 3]}, rows from
 * the top, without gaps.
 *
 * <p>An image handed out by an {@link ImageDecoder} borrows the decoder's memory and is valid until
 * that decoder's next call; {@link #copy} makes one that stays. Not for several threads while its
 * decoder works.
 */
public final class Image {
  /** Bytes per pixel. */
  public static final int CHANNELS = 3;

  private final int height;
  private final int width;
  private final byte[] rgb;

  /**
   * @param rgb the pixels; kept, not copied; may be longer than {@code height * width * 3}
   * @throws IllegalArgumentException if a side is not positive or {@code rgb} is too short
   */
  public Image(int height, int width, byte[] rgb) {
    if (height <= 0 || width <= 0 || rgb.length < (long) height * width * CHANNELS) {
      throw new IllegalArgumentException(
          "image does not fit its bytes: height=%d width=%d bytes=%d, expected sides of at least 1 and height * width * 3 bytes"
              .formatted(height, width, rgb.length));
    }
    this.height = height;
    this.width = width;
    this.rgb = rgb;
  }

  /** Height, in pixels. */
  public int height() {
    return height;
  }

  /** Width, in pixels. */
  public int width() {
    return width;
  }

  /**
   * The pixels themselves, not a copy: channel {@code c} of pixel {@code (y, x)} is at {@code (y *
   * width + x) * 3 + c}, unsigned. What lies behind the last pixel means nothing.
   */
  public byte[] rgb() {
    return rgb;
  }

  /** One value, 0 to 255; channel 0 is red. Meant for tests and tools, not for loops. */
  public int at(int y, int x, int channel) {
    return rgb[(y * width + x) * CHANNELS + channel] & 0xff;
  }

  /** An image of the same pixels with memory of its own. */
  public Image copy() {
    return new Image(height, width, Arrays.copyOf(rgb, height * width * CHANNELS));
  }
}
