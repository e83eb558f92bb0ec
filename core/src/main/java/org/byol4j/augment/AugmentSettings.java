package org.byol4j.augment;

import java.util.List;

/**
 * How two views are made of an image ({@code augment.*}).
 *
 * @param style whose formulas: where DeepMind's and torchvision's differ
 * @param size height and width of a view, in pixels
 * @param crop the random crop, the same for both views
 * @param view1 the recipe of the first view
 * @param view2 the recipe of the second view
 * @param mean what is subtracted from red, green and blue in [0,1]
 * @param std what the difference is divided by
 * @param on what makes the views of training
 */
public record AugmentSettings(
    Style style,
    int size,
    Crop crop,
    ViewRecipe view1,
    ViewRecipe view2,
    List<Double> mean,
    List<Double> std,
    Place on) {

  /** The same for images of another height and width, in pixels. */
  public AugmentSettings withSize(int newSize) {
    return new AugmentSettings(style, newSize, crop, view1, view2, mean, std, on);
  }

  /** What makes views. */
  public enum Place {
    /** The device if it can, else the CPU. */
    AUTO,
    /** The threads that decode. */
    CPU,
    /** The device. */
    DEVICE
  }

  /** Whose formulas the augmentations follow. */
  public enum Style {
    /** Those of BYOL's released code. */
    DEEPMIND,
    /** Those of torchvision. */
    TORCHVISION
  }

  /**
   * The random crop.
   *
   * @param minArea the smallest area, as a fraction of the image's
   * @param maxArea the largest area, as a fraction of the image's
   * @param minAspect the smallest ratio of width to height; log-uniform up to {@code maxAspect}
   * @param maxAspect the largest ratio of width to height
   */
  public record Crop(double minArea, double maxArea, double minAspect, double maxAspect) {}

  /**
   * The probabilities and strengths of one view.
   *
   * @param flip probability of a horizontal flip
   * @param jitter probability of colour jitter
   * @param brightness strength
   * @param contrast strength
   * @param saturation strength
   * @param hue strength, as a fraction of the colour circle
   * @param grayscale probability
   * @param blur probability
   * @param minSigma smallest standard deviation of the blur, in pixels
   * @param maxSigma largest standard deviation of the blur, in pixels
   * @param solarize probability
   * @param solarizeThreshold values from here on are inverted
   */
  public record ViewRecipe(
      double flip,
      double jitter,
      double brightness,
      double contrast,
      double saturation,
      double hue,
      double grayscale,
      double blur,
      double minSigma,
      double maxSigma,
      double solarize,
      double solarizeThreshold) {}
}
