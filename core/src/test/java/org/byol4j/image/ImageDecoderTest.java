package org.byol4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every kind of JPEG and PNG comes out as the RGB that was put in. */
class ImageDecoderTest {
  /**
   * 16x16, left half CMYK (10,120,200,20), right half (200,100,0,60) with 0 for no ink, written by
   * PIL 9.4 ({@code Image.fromarray(a, "CMYK").save(f, "JPEG", quality=95)}): Adobe marker, values
   * inverted. PIL's {@code convert("RGB")} reads (226,124,51) and (42,119,195).
   */
  private static final String CMYK =
      "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggL"
          + "CAkKCgoKCgYICwwLCgwJCgoK/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgME"
          + "BQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJ"
          + "ChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeY"
          + "mZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBN"
          + "AFkASwAAPwD91K3K/Nuv2sr+QevUK/sgr5fr+vivL6/jfr6gr+QevUK/sgr5fr//2Q==";

  /** Where the file above says that its values are not YCCK. */
  private static final int ADOBE_TRANSFORM = 17;

  private final ImageDecoder decoder = new ImageDecoder(1_000_000);

  @AfterEach
  void closeDecoder() {
    decoder.close();
  }

  @Test
  void pngGivesBackTheExactPixels() throws Exception {
    Image image = TestImages.noise(7, 11, 1);
    Image decoded = decode(ImageEncoder.png(image));
    assertThat(decoded.height()).isEqualTo(7);
    assertThat(decoded.width()).isEqualTo(11);
    assertThat(decoded.copy().rgb()).isEqualTo(image.rgb());
  }

  @Test
  void jpegKeepsRedRed() throws Exception {
    Image decoded = decode(ImageEncoder.jpeg(TestImages.flat(16, 16, 200, 30, 60), 95));
    assertPixel(decoded, 8, 8, 200, 30, 60, 3);
  }

  @Test
  void bytesMayLieAnywhereInADirectBuffer() throws Exception {
    Image image = TestImages.noise(5, 6, 2);
    byte[] png = ImageEncoder.png(image);
    ByteBuffer buffer = ByteBuffer.allocateDirect(png.length + 20);
    buffer.position(13).put(png).flip().position(13);
    assertThat(decoder.decode(buffer).copy().rgb()).isEqualTo(image.rgb());
    assertThat(buffer.position()).isEqualTo(13);
    assertThat(buffer.remaining()).isEqualTo(png.length);
  }

  @Test
  void smallImageAfterALargeOneHasItsOwnPixels() throws Exception {
    decode(ImageEncoder.png(TestImages.noise(50, 40, 3)));
    Image image = TestImages.noise(4, 3, 4);
    assertThat(decode(ImageEncoder.png(image)).copy().rgb()).isEqualTo(image.rgb());
  }

  @Test
  void grayBecomesEqualChannels() throws Exception {
    assertPixel(decode(png(BufferedImage.TYPE_BYTE_GRAY, new Color(90, 90, 90))), 1, 1, 90, 0);
    assertPixel(decode(jpeg(BufferedImage.TYPE_BYTE_GRAY, new Color(90, 90, 90))), 1, 1, 90, 1);
  }

  @Test
  void sixteenBitsBecomeTheUpperEight() throws Exception {
    BufferedImage image = new BufferedImage(2, 2, BufferedImage.TYPE_USHORT_GRAY);
    image.getRaster().setSample(1, 0, 0, 0xabcd);
    Image decoded = decode(write(image, "png"));
    assertPixel(decoded, 0, 1, 0xab, 1);
    assertPixel(decoded, 0, 0, 0, 0);
  }

  @Test
  void paletteBecomesItsColours() throws Exception {
    byte[] encoded = png(BufferedImage.TYPE_BYTE_INDEXED, new Color(255, 0, 51));
    assertPixel(decode(encoded), 1, 1, 255, 0, 51, 0);
  }

  @Test
  void oneBitBecomesBlackAndWhite() throws Exception {
    assertPixel(decode(png(BufferedImage.TYPE_BYTE_BINARY, Color.WHITE)), 1, 1, 255, 0);
  }

  @Test
  void alphaIsDropped() throws Exception {
    BufferedImage image = new BufferedImage(2, 2, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(1, 0, 0x40_c8_64_32);
    Image decoded = decode(write(image, "png"));
    assertPixel(decoded, 0, 1, 0xc8, 0x64, 0x32, 0);
  }

  @Test
  void invertedCmykOfAdobeComesOutAsInPil() throws Exception {
    Image decoded = decode(Base64.getDecoder().decode(CMYK));
    assertPixel(decoded, 3, 3, 226, 124, 51, 3);
    assertPixel(decoded, 12, 12, 42, 119, 195, 3);
  }

  @Test
  void ycckComesOutAsInPil() throws Exception {
    byte[] encoded = Base64.getDecoder().decode(CMYK);
    encoded[ADOBE_TRANSFORM] = 2;
    Image decoded = decode(encoded);
    assertPixel(decoded, 3, 3, 103, 0, 0, 3);
    assertPixel(decoded, 12, 12, 17, 195, 116, 3);
  }

  @Test
  void orientationOfExifIsApplied() throws Exception {
    // 6: the stored image is to be turned clockwise; its left end becomes the top
    byte[] upright = ImageEncoder.jpeg(TestImages.halves(16, 32), 95);
    Image turned = decode(TestImages.withOrientation(upright, 6));
    assertThat(turned.height()).isEqualTo(32);
    assertThat(turned.width()).isEqualTo(16);
    assertPixel(turned, 4, 8, 250, 20, 20, 6);
    assertPixel(turned, 28, 8, 20, 20, 250, 6);
    // 2: mirrored left to right
    Image mirrored = decode(TestImages.withOrientation(upright, 2));
    assertPixel(mirrored, 8, 4, 20, 20, 250, 6);
  }

  @Test
  void sideIsLimitedBeforeDecoding() {
    byte[] encoded = ImageEncoder.png(TestImages.flat(1001, 1000, 1, 2, 3));
    assertThatThrownBy(() -> decode(encoded))
        .isInstanceOfSatisfying(
            ImageException.class,
            e -> assertThat(e.reason()).isEqualTo(ImageException.Reason.TOO_LARGE))
        .hasMessageContaining("height=1001 width=1000")
        .hasMessageContaining("1000000 pixels");
  }

  @Test
  void hugeHeaderWithoutPixelsIsTooLargeAndAllocatesNothing() {
    byte[] encoded = ImageEncoder.jpeg(TestImages.flat(8, 8, 1, 2, 3), 90);
    int frame = TestImages.indexOf(encoded, 0xff, 0xc0);
    encoded[frame + 5] = (byte) 0xff;
    encoded[frame + 7] = (byte) 0xff;
    assertThatThrownBy(() -> decode(encoded))
        .isInstanceOfSatisfying(
            ImageException.class,
            e -> assertThat(e.reason()).isEqualTo(ImageException.Reason.TOO_LARGE));
  }

  private Image decode(byte[] encoded) throws ImageException {
    return decoder.decode(ByteBuffer.wrap(encoded));
  }

  private static byte[] png(int type, Color colour) throws IOException {
    return write(filled(type, colour), "png");
  }

  private static byte[] jpeg(int type, Color colour) throws IOException {
    return write(filled(type, colour), "jpg");
  }

  private static BufferedImage filled(int type, Color colour) {
    BufferedImage image = new BufferedImage(9, 7, type);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(colour);
    graphics.fillRect(0, 0, 9, 7);
    graphics.dispose();
    if (type == BufferedImage.TYPE_BYTE_GRAY) {
      image.getRaster().setSamples(0, 0, 9, 7, 0, gray(colour));
    }
    return image;
  }

  private static int[] gray(Color colour) {
    int[] samples = new int[9 * 7];
    java.util.Arrays.fill(samples, colour.getRed());
    return samples;
  }

  private static byte[] write(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, format, out)).isTrue();
    return out.toByteArray();
  }

  private static void assertPixel(Image image, int y, int x, int gray, int tolerance) {
    assertPixel(image, y, x, gray, gray, gray, tolerance);
  }

  private static void assertPixel(
      Image image, int y, int x, int red, int green, int blue, int tolerance) {
    int[] expected = {red, green, blue};
    for (int channel = 0; channel < 3; channel++) {
      assertThat(image.at(y, x, channel))
          .as("y=%d x=%d channel=%d", y, x, channel)
          .isCloseTo(expected[channel], within(tolerance));
    }
  }
}
