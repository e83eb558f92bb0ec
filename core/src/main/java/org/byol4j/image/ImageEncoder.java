package org.byol4j.image;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;

/** Turns pixels into JPEG or PNG bytes. Safe for several threads. */
public final class ImageEncoder {
  private ImageEncoder() {}

  /** The image as a PNG, without loss. */
  public static byte[] png(Image image) {
    return encode(image, ".png", new int[0]);
  }

  /**
   * The image as a baseline JPEG with halved chroma.
   *
   * @param quality 1 (smallest) to 100 (best)
   */
  public static byte[] jpeg(Image image, int quality) {
    if (quality < 1 || quality > 100) {
      throw new IllegalArgumentException("quality=%d, expected 1 to 100".formatted(quality));
    }
    return encode(image, ".jpg", new int[] {opencv_imgcodecs.IMWRITE_JPEG_QUALITY, quality});
  }

  private static byte[] encode(Image image, String extension, int[] parameters) {
    try (Mat pixels = new Mat(image.height(), image.width(), opencv_core.CV_8UC3);
        BytePointer encoded = new BytePointer();
        IntPointer options = new IntPointer(parameters)) {
      pixels.data().put(image.rgb(), 0, image.height() * image.width() * Image.CHANNELS);
      opencv_imgproc.cvtColor(pixels, pixels, opencv_imgproc.COLOR_RGB2BGR);
      if (!opencv_imgcodecs.imencode(extension, pixels, encoded, options)) {
        throw new IllegalStateException(
            "image cannot be encoded: extension=%s height=%d width=%d"
                .formatted(extension, image.height(), image.width()));
      }
      byte[] bytes = new byte[Math.toIntExact(encoded.limit())];
      encoded.get(bytes);
      return bytes;
    }
  }
}
