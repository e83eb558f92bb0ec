package org.byol4j.augment;

import java.util.List;
import org.byol4j.augment.AugmentSettings.Crop;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.augment.AugmentSettings.ViewRecipe;

/** The recipe's values (Grill et al. 2020, table 6). */
final class TestSettings {
  static final Crop CROP = new Crop(0.08, 1, 3.0 / 4, 4.0 / 3);
  private static final ViewRecipe VIEW1 =
      new ViewRecipe(.5, .8, .4, .4, .2, .1, .2, 1, .1, 2, 0, .5);
  private static final ViewRecipe VIEW2 =
      new ViewRecipe(.5, .8, .4, .4, .2, .1, .2, .1, .1, 2, .2, .5);

  private TestSettings() {}

  static AugmentSettings recipe(Style style, int size) {
    return new AugmentSettings(
        style,
        size,
        CROP,
        VIEW1,
        VIEW2,
        List.of(0.485, 0.456, 0.406),
        List.of(0.229, 0.224, 0.225),
        AugmentSettings.Place.AUTO);
  }
}
