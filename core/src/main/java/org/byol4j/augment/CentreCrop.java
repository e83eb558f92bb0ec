package org.byol4j.augment;

import java.nio.FloatBuffer;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.image.Image;

/**
 * Makes the one view of an image that evaluation sees, without any randomness: the shorter side is
 * resized to {@code size * 256 / 224} (as for ImageNet: 256 for 224), the square in the middle is
 * kept and normalized. Below 128 pixels there is no margin: the shorter side is resized to {@code
 * size}, and an image that has that size already is taken as it is, as CIFAR is evaluated.
 *
 * <p>torchvision style is its reference evaluation (Resize, CenterCrop) with antialiased bicubic;
 * deepmind style cuts first and resizes then, without antialias ({@code _decode_and_center_crop} in
 * byol/utils/dataset.py). For one thread.
 */
public final class CentreCrop {
  private static final int SMALLEST_WITH_MARGIN = 128;

  private final int size;
  private final Style style;
  private final CropResize cropResize;
  private final Planes planes;

  /**
   * @param settings style, size, mean and std are used
   */
  public CentreCrop(AugmentSettings settings) {
    this.size = settings.size();
    this.style = settings.style();
    this.cropResize = new CropResize(size);
    this.planes = new Planes(size, settings.mean(), settings.std());
  }

  /** How many floats a view takes. */
  public int length() {
    return size * size * Image.CHANNELS;
  }

  /**
   * Makes the view.
   *
   * @param to gets {@code [size, size, 3]}, normalized; heap or direct; its position stays
   * @param offset the index of the first value in {@code to}
   */
  public void make(Image image, FloatBuffer to, int offset) {
    int shorter = size >= SMALLEST_WITH_MARGIN ? size * 256 / 224 : size;
    if (style == Style.DEEPMIND) {
      cropResize.resize(image, centre(image, (double) size / shorter), false, false, planes.all());
    } else {
      resizeAndCentre(image, shorter);
    }
    planes.turn();
    planes.write(to, offset);
  }

  private static CropBox centre(Image image, double share) {
    int side = Math.max(1, (int) (share * Math.min(image.height(), image.width())));
    return new CropBox((image.height() - side + 1) / 2, (image.width() - side + 1) / 2, side, side);
  }

  private void resizeAndCentre(Image image, int shorter) {
    int least = Math.min(image.height(), image.width());
    int height = (int) ((long) shorter * image.height() / least);
    int width = (int) ((long) shorter * image.width() / least);
    cropResize.resizeAndCentre(image, height, width, true, planes.all());
  }
}
