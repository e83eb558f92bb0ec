package org.byol4j.augment;

import org.byol4j.augment.AugmentSettings.Crop;

/**
 * A rectangle of pixels within an image.
 *
 * @param top its first row
 * @param left its first column
 * @param height its rows, at least 1
 * @param width its columns, at least 1
 */
public record CropBox(int top, int left, int height, int width) {
  private static final int TORCHVISION_TRIES = 10;
  private static final int SLOTS_PER_TRY = 4;

  /**
   * DeepMind's crop ({@code _decode_and_random_crop} in byol/utils/dataset.py): one try, sides that
   * are too long are cut to the image's. A side that rounds to 0, which happens only in images of a
   * few pixels, is 1.
   *
   * @param slot the first of four slots
   */
  static CropBox deepmind(Crop crop, int height, int width, KeyedRandom random, int slot) {
    double area = random.uniform(slot, crop.minArea(), crop.maxArea()) * height * width;
    double aspect = aspect(crop, random, slot + 1);
    int boxWidth = Math.min(Math.max(1, (int) Math.rint(Math.sqrt(area * aspect))), width);
    int boxHeight = Math.min(Math.max(1, (int) Math.rint(Math.sqrt(area / aspect))), height);
    return within(height, width, boxHeight, boxWidth, random, slot + 2);
  }

  /**
   * torchvision's crop ({@code RandomResizedCrop.get_params}): up to ten tries for a box that fits,
   * then the largest centred box whose aspect ratio is allowed.
   *
   * @param slot the first of forty slots
   */
  static CropBox torchvision(Crop crop, int height, int width, KeyedRandom random, int slot) {
    for (int i = 0; i < TORCHVISION_TRIES; i++) {
      int at = slot + i * SLOTS_PER_TRY;
      double area = random.uniform(at, crop.minArea(), crop.maxArea()) * height * width;
      double aspect = aspect(crop, random, at + 1);
      int boxWidth = (int) Math.rint(Math.sqrt(area * aspect));
      int boxHeight = (int) Math.rint(Math.sqrt(area / aspect));
      if (boxWidth > 0 && boxWidth <= width && boxHeight > 0 && boxHeight <= height) {
        return within(height, width, boxHeight, boxWidth, random, at + 2);
      }
    }
    return largestCentred(crop, height, width);
  }

  /** How many pixels it holds. */
  long pixels() {
    return (long) height * width;
  }

  /** The smallest box that holds this one and another. */
  CropBox around(CropBox other) {
    int firstRow = Math.min(top, other.top);
    int firstColumn = Math.min(left, other.left);
    return new CropBox(
        firstRow,
        firstColumn,
        Math.max(top + height, other.top + other.height) - firstRow,
        Math.max(left + width, other.left + other.width) - firstColumn);
  }

  private static CropBox largestCentred(Crop crop, int height, int width) {
    double aspect = (double) width / height;
    int boxHeight = height;
    int boxWidth = width;
    if (aspect < crop.minAspect()) {
      boxHeight = (int) Math.rint(width / crop.minAspect());
    }
    if (aspect > crop.maxAspect()) {
      boxWidth = (int) Math.rint(height * crop.maxAspect());
    }
    return new CropBox((height - boxHeight) / 2, (width - boxWidth) / 2, boxHeight, boxWidth);
  }

  private static double aspect(Crop crop, KeyedRandom random, int slot) {
    return Math.exp(random.uniform(slot, Math.log(crop.minAspect()), Math.log(crop.maxAspect())));
  }

  private static CropBox within(
      int height, int width, int boxHeight, int boxWidth, KeyedRandom random, int slot) {
    int top = random.below(slot, height - boxHeight + 1);
    int left = random.below(slot + 1, width - boxWidth + 1);
    return new CropBox(top, left, boxHeight, boxWidth);
  }
}
