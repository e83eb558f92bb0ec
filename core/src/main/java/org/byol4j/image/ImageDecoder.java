package org.byol4j.image;

import java.nio.ByteBuffer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.byol4j.image.ImageException.Reason;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Turns encoded JPEG and PNG bytes into RGB pixels at full size: gray, palette, CMYK, YCCK, 16-bit
 * and transparent images become 8-bit RGB (alpha is dropped, CMYK is taken as inverted, as Adobe
 * writes it and browsers and PIL read it), and EXIF orientation is applied.
 *
 * <p>For one thread; the image that {@link #decode} returns borrows the decoder's memory, which
 * grows to the largest image met.
 */
public final class ImageDecoder implements AutoCloseable {
  static {
    // images are decoded side by side by the callers' threads
    opencv_core.setNumThreads(1);
  }

  private static final String DAMAGE = "Corrupt JPEG data: ";
  private static final Pattern PADDING = Pattern.compile("(\\d{1,8}) extraneous bytes");
  private static final int MOST_PADDING = 16;

  private final long maxPixels;
  private final NativeMessages messages = new NativeMessages();
  private final Mat pixels = new Mat();
  private BytePointer encodedCopy = new BytePointer();
  private byte[] rgb = new byte[0];

  /**
   * @param maxPixels the most pixels an image may have, by its header
   */
  public ImageDecoder(long maxPixels) {
    this.maxPixels = maxPixels;
  }

  /**
   * Decodes one image.
   *
   * @param encoded from its position to its limit, direct or not; both stay as they are
   * @return the pixels, valid until the next call
   * @throws ImageException if the bytes are no image that can be decoded whole
   */
  public Image decode(ByteBuffer encoded) throws ImageException {
    ImageHeader header = ImageHeader.read(encoded);
    if (header.pixels() > maxPixels) {
      throw new ImageException(
          Reason.TOO_LARGE,
          "%s is too large: height=%d width=%d, expected at most %d pixels"
              .formatted(header.format(), header.height(), header.width(), maxPixels));
    }
    int length = encoded.remaining();
    copyEncoded(encoded, length);
    String complaint = decodeCopy(length);
    if (!isHarmless(complaint)) {
      throw new ImageException(
          Reason.CORRUPT, "%s is damaged: %s".formatted(header.format(), complaint));
    }
    return takePixels();
  }

  /** Frees the native memory; images handed out before stay readable. */
  @Override
  public void close() {
    pixels.close();
    encodedCopy.close();
  }

  /** Fills the pixels; returns what the codec complained of, or nothing. */
  private String decodeCopy(int length) throws ImageException {
    boolean failed;
    String failure = "";
    messages.listen();
    try (Mat bytes = new Mat(1, length, opencv_core.CV_8UC1, encodedCopy);
        // on failure this one is empty, while the pixels are those of the image before
        Mat result = opencv_imgcodecs.imdecode(bytes, opencv_imgcodecs.IMREAD_COLOR_RGB, pixels)) {
      failed = result.empty();
    } catch (RuntimeException e) {
      failed = true;
      failure = e.getMessage();
    }
    String complaint = messages.stop();
    if (failed) {
      throw new ImageException(
          Reason.CORRUPT,
          "image cannot be decoded: bytes=%d %s%s".formatted(length, complaint, failure).strip());
    }
    return complaint;
  }

  /**
   * libjpeg warns of damage and goes on with pixels of its own invention. What else is printed
   * concerns colour profiles and the like, and a few bytes too many are padding of careless
   * encoders.
   */
  private static boolean isHarmless(String complaint) {
    if (!complaint.startsWith(DAMAGE)) {
      return true;
    }
    Matcher padding = PADDING.matcher(complaint);
    return padding.find() && Integer.parseInt(padding.group(1)) <= MOST_PADDING;
  }

  private void copyEncoded(ByteBuffer encoded, int length) {
    if (encodedCopy.capacity() < length) {
      encodedCopy.close();
      encodedCopy = new BytePointer(length + length / 4L);
    }
    encodedCopy.capacity(encodedCopy.capacity()).asByteBuffer().put(encoded.duplicate());
  }

  private Image takePixels() {
    int length = Math.multiplyExact(pixels.rows() * Image.CHANNELS, pixels.cols());
    if (rgb.length < length) {
      rgb = new byte[length];
    }
    pixels.data().get(rgb, 0, length);
    return new Image(pixels.rows(), pixels.cols(), rgb);
  }
}
