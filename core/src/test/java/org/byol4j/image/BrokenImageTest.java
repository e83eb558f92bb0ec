package org.byol4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.byol4j.image.ImageException.Reason;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Bytes that are not a whole image are refused with the reason that they are counted under. */
class BrokenImageTest {
  private static final byte[] JPEG = ImageEncoder.jpeg(TestImages.noise(40, 50, 1), 80);
  private static final byte[] PNG = ImageEncoder.png(TestImages.noise(20, 30, 1));

  private final ImageDecoder decoder = new ImageDecoder(1_000_000);

  @AfterEach
  void closeDecoder() {
    decoder.close();
  }

  @Test
  void noBytesAreEmpty() {
    assertReason(new byte[0], Reason.EMPTY);
  }

  @Test
  void textIsOfUnknownFormat() {
    assertReason(
        "GIF89a, or so it says".getBytes(StandardCharsets.US_ASCII), Reason.UNKNOWN_FORMAT);
    assertReason(new byte[] {(byte) 0xff}, Reason.UNKNOWN_FORMAT);
  }

  @Test
  void jpegIsTruncatedWhereverItStops() {
    for (int length = 3; length < JPEG.length; length++) {
      assertReason(Arrays.copyOf(JPEG, length), Reason.TRUNCATED);
    }
  }

  @Test
  void pngIsTruncatedWhereverItStops() {
    for (int length = 8; length < PNG.length; length++) {
      assertReason(Arrays.copyOf(PNG, length), Reason.TRUNCATED);
    }
  }

  @Test
  void bytesBehindTheEndDoNoHarm() throws Exception {
    decoder.decode(ByteBuffer.wrap(Arrays.copyOf(JPEG, JPEG.length + 100)));
    decoder.decode(ByteBuffer.wrap(Arrays.copyOf(PNG, PNG.length + 100)));
  }

  @Test
  void anyChangedByteOfAPngIsNoticed() {
    for (int i = 8; i < PNG.length; i++) {
      byte[] changed = PNG.clone();
      changed[i] ^= 0x10;
      assertThatThrownBy(() -> decoder.decode(ByteBuffer.wrap(changed)))
          .as("byte=" + i)
          .isInstanceOf(ImageException.class);
    }
  }

  @Test
  void jpegWithoutAFrameIsCorrupt() {
    assertReason(new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff, (byte) 0xd9}, Reason.CORRUPT);
  }

  @Test
  void jpegWithoutTablesIsCorrupt() {
    byte[] changed = JPEG.clone();
    // the first quantization table turns into a comment
    changed[TestImages.indexOf(changed, 0xff, 0xdb) + 1] = (byte) 0xfe;
    assertReason(changed, Reason.CORRUPT);
  }

  @Test
  void damageWithinTheDataOfAJpegIsNoticed() {
    byte[] changed = JPEG.clone();
    Arrays.fill(changed, changed.length / 2, changed.length / 2 + 100, (byte) 0x55);
    assertReason(changed, Reason.CORRUPT);
  }

  @Test
  void jpegThatMissesItsMiddleIsCorrupt() {
    byte[] joined = Arrays.copyOf(JPEG, JPEG.length / 2);
    joined[joined.length - 2] = (byte) 0xff;
    joined[joined.length - 1] = (byte) 0xd9;
    assertReason(joined, Reason.CORRUPT);
  }

  @Test
  void randomDamageNeverEscapesAsAnotherException() {
    long seed = 7;
    Random random = new Random(seed);
    for (int i = 0; i < 300; i++) {
      byte[] changed = (i % 2 == 0 ? JPEG : PNG).clone();
      for (int k = 0; k < 5; k++) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt();
      }
      try {
        Image image = decoder.decode(ByteBuffer.wrap(changed));
        assertThat((long) image.height() * image.width()).isLessThanOrEqualTo(1_000_000);
      } catch (ImageException e) {
        assertThat(e.reason()).as("seed=%d i=%d", seed, i).isNotEqualTo(Reason.EMPTY);
      }
    }
  }

  private void assertReason(byte[] encoded, Reason reason) {
    assertThatThrownBy(() -> decoder.decode(ByteBuffer.wrap(encoded)))
        .as("bytes=%d", encoded.length)
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
