package org.byol4j.augment;

import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.augment.AugmentSettings.ViewRecipe;

/**
 * Every random choice of one view, drawn before a pixel is touched, so that any implementation of
 * the pixel work makes the same view.
 *
 * @param crop what is cut out
 * @param flip whether it is mirrored left to right
 * @param jittered whether {@code jitter} is applied
 * @param jitter the colour shifts; drawn whether applied or not
 * @param grayscale whether colours are dropped
 * @param blurred whether it is blurred
 * @param sigma the blur's standard deviation, in pixels of the view; drawn whether applied or not
 * @param solarized whether values from {@code solarizeThreshold} on are inverted
 * @param solarizeThreshold where solarization starts, in [0,1]
 */
public record ViewParameters(
    CropBox crop,
    boolean flip,
    boolean jittered,
    Jitter jitter,
    boolean grayscale,
    boolean blurred,
    double sigma,
    boolean solarized,
    double solarizeThreshold) {

  // one slot per draw; never reuse or renumber one, since that would change every run
  private static final int FLIP = 0;
  private static final int JITTERED = 1;
  private static final int GRAYSCALE = 2;
  private static final int BLURRED = 3;
  private static final int SIGMA = 4;
  private static final int SOLARIZED = 5;
  private static final int JITTER = 6;
  private static final int CROP = 16;

  /**
   * Draws a view.
   *
   * @param height the image's
   * @param width the image's
   * @param view 0 for the first view, 1 for the second
   */
  public static ViewParameters draw(
      AugmentSettings settings,
      int height,
      int width,
      long seed,
      long epoch,
      long imageId,
      int view) {
    KeyedRandom random = KeyedRandom.of(seed, epoch, imageId, view);
    ViewRecipe recipe = view == 0 ? settings.view1() : settings.view2();
    CropBox crop =
        settings.style() == Style.DEEPMIND
            ? CropBox.deepmind(settings.crop(), height, width, random, CROP)
            : CropBox.torchvision(settings.crop(), height, width, random, CROP);
    return new ViewParameters(
        crop,
        random.happens(FLIP, recipe.flip()),
        random.happens(JITTERED, recipe.jitter()),
        Jitter.draw(settings.style(), recipe, random, JITTER),
        random.happens(GRAYSCALE, recipe.grayscale()),
        random.happens(BLURRED, recipe.blur()),
        random.uniform(SIGMA, recipe.minSigma(), recipe.maxSigma()),
        random.happens(SOLARIZED, recipe.solarize()),
        recipe.solarizeThreshold());
  }
}
