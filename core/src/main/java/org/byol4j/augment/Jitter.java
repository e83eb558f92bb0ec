package org.byol4j.augment;

import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.augment.AugmentSettings.ViewRecipe;

/**
 * How one view's colours are shifted.
 *
 * @param order which of the 24 orders the four operations run in, 0 to 23; see {@link #operation}
 * @param brightness what is added (deepmind) or multiplied with (torchvision)
 * @param contrast the factor of the distance to the mean
 * @param saturation the factor of the saturation
 * @param hue the turn of the colour circle, 1 being all of it
 */
public record Jitter(int order, double brightness, double contrast, double saturation, double hue) {

  /** The operations of colour jitter. */
  public enum Operation {
    BRIGHTNESS,
    CONTRAST,
    SATURATION,
    HUE
  }

  /** How many operations there are. */
  public static final int OPERATIONS = 4;

  private static final Operation[] ALL = Operation.values();
  private static final int ORDERS = 24;

  /**
   * Draws the order and the four strengths. A strength of 0 draws the value that changes nothing.
   *
   * @param slot the first of five slots
   */
  static Jitter draw(Style style, ViewRecipe recipe, KeyedRandom random, int slot) {
    double neutral = style == Style.DEEPMIND ? 0 : 1;
    return new Jitter(
        random.below(slot, ORDERS),
        around(neutral, recipe.brightness(), random, slot + 1),
        around(1, recipe.contrast(), random, slot + 2),
        around(1, recipe.saturation(), random, slot + 3),
        around(0, recipe.hue(), random, slot + 4));
  }

  /**
   * The operation that comes at this place: orders count the permutations in lexical order, from
   * brightness, contrast, saturation, hue (0) to hue, saturation, contrast, brightness (23).
   *
   * @param place 0 to 3
   */
  public Operation operation(int place) {
    // the factorial digits of the order say which of the operations still left comes next
    int rest = order;
    int left = 0b1111;
    for (int i = 0, radix = 6; ; i++) {
      int digit = rest / radix;
      rest %= radix;
      int chosen = nthBit(left, digit);
      if (i == place) {
        return ALL[chosen];
      }
      left &= ~(1 << chosen);
      radix /= Math.max(1, OPERATIONS - 1 - i);
    }
  }

  private static int nthBit(int bits, int n) {
    int rest = bits;
    for (int i = 0; i < n; i++) {
      rest &= rest - 1;
    }
    return Integer.numberOfTrailingZeros(rest);
  }

  private static double around(double centre, double strength, KeyedRandom random, int slot) {
    return random.uniform(slot, centre - strength, centre + strength);
  }
}
