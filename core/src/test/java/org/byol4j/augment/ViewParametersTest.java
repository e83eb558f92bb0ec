package org.byol4j.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.augment.Jitter.Operation;
import org.junit.jupiter.api.Test;

/** The random choices follow the recipe's distributions. */
class ViewParametersTest {
  private static final int DRAWS = 100_000;

  @Test
  void deepmindCropsCover5185OfTenThousandOnAverage() {
    assertThat(meanArea(Style.DEEPMIND, 375, 500)).isCloseTo(0.5185, within(0.002));
  }

  @Test
  void torchvisionCropsCover435OfAThousandOnAverage() {
    assertThat(meanArea(Style.TORCHVISION, 375, 500)).isCloseTo(0.435, within(0.002));
  }

  @Test
  void cropsLieWithinTheImageHoweverSmallOrLong() {
    int[][] shapes = {{1, 1}, {1, 7}, {5, 1}, {2, 300}, {400, 3}, {32, 32}};
    for (Style style : Style.values()) {
      AugmentSettings settings = TestSettings.recipe(style, 32);
      for (int[] shape : shapes) {
        for (int image = 0; image < 500; image++) {
          CropBox box = ViewParameters.draw(settings, shape[0], shape[1], 1, 0, image, 0).crop();
          assertThat(box.height()).isBetween(1, shape[0]);
          assertThat(box.width()).isBetween(1, shape[1]);
          assertThat(box.top()).isBetween(0, shape[0] - box.height());
          assertThat(box.left()).isBetween(0, shape[1] - box.width());
        }
      }
    }
  }

  @Test
  void torchvisionFallsBackToTheLargestCentredBox() {
    // no box of at least 8 % fits a strip this thin
    CropBox box =
        ViewParameters.draw(TestSettings.recipe(Style.TORCHVISION, 32), 300, 3, 1, 0, 0, 0).crop();
    assertThat(box).isEqualTo(new CropBox(148, 0, 4, 3));
  }

  @Test
  void eventsHappenAsOftenAsTheRecipeSays() {
    assertThat(share(0, ViewParameters::flip)).isCloseTo(0.5, within(0.01));
    assertThat(share(0, ViewParameters::jittered)).isCloseTo(0.8, within(0.01));
    assertThat(share(0, ViewParameters::grayscale)).isCloseTo(0.2, within(0.01));
    assertThat(share(0, ViewParameters::blurred)).isEqualTo(1);
    assertThat(share(1, ViewParameters::blurred)).isCloseTo(0.1, within(0.01));
    assertThat(share(0, ViewParameters::solarized)).isEqualTo(0);
    assertThat(share(1, ViewParameters::solarized)).isCloseTo(0.2, within(0.01));
  }

  @Test
  void strengthsSpanTheRecipesRanges() {
    assertRange(Style.DEEPMIND, p -> p.jitter().brightness(), -0.4, 0.4);
    assertRange(Style.TORCHVISION, p -> p.jitter().brightness(), 0.6, 1.4);
    assertRange(Style.DEEPMIND, p -> p.jitter().contrast(), 0.6, 1.4);
    assertRange(Style.DEEPMIND, p -> p.jitter().saturation(), 0.8, 1.2);
    assertRange(Style.DEEPMIND, p -> p.jitter().hue(), -0.1, 0.1);
    assertRange(Style.DEEPMIND, ViewParameters::sigma, 0.1, 2);
  }

  @Test
  void thereAre24OrdersAndEachIsDrawn() {
    Set<List<Operation>> orders = new HashSet<>();
    for (int image = 0; image < 1000; image++) {
      Jitter jitter = draw(Style.DEEPMIND, image, 0).jitter();
      List<Operation> order = IntStream.range(0, 4).mapToObj(jitter::operation).toList();
      assertThat(order).containsExactlyInAnyOrder(Operation.values());
      orders.add(order);
    }
    assertThat(orders).hasSize(24);
  }

  @Test
  void firstAndLastOrderAreTheLexicalOnes() {
    Jitter first = new Jitter(0, 0, 0, 0, 0);
    Jitter last = new Jitter(23, 0, 0, 0, 0);
    assertThat(IntStream.range(0, 4).mapToObj(first::operation))
        .containsExactly(
            Operation.BRIGHTNESS, Operation.CONTRAST, Operation.SATURATION, Operation.HUE);
    assertThat(IntStream.range(0, 4).mapToObj(last::operation))
        .containsExactly(
            Operation.HUE, Operation.SATURATION, Operation.CONTRAST, Operation.BRIGHTNESS);
  }

  @Test
  void drawsDependOnTheKeyAlone() {
    assertThat(draw(Style.DEEPMIND, 17, 1)).isEqualTo(draw(Style.DEEPMIND, 17, 1));
    assertThat(draw(Style.DEEPMIND, 17, 1).crop()).isNotEqualTo(draw(Style.DEEPMIND, 17, 0).crop());
  }

  @Test
  void probabilityOfOneEventMovesNoOtherDraw() {
    AugmentSettings settings = TestSettings.recipe(Style.DEEPMIND, 224);
    AugmentSettings swapped =
        new AugmentSettings(
            settings.style(),
            settings.size(),
            settings.crop(),
            settings.view2(),
            settings.view1(),
            settings.mean(),
            settings.std(),
            AugmentSettings.Place.AUTO);
    ViewParameters drawn = ViewParameters.draw(settings, 375, 500, 1, 0, 3, 0);
    ViewParameters other = ViewParameters.draw(swapped, 375, 500, 1, 0, 3, 0);
    assertThat(other.crop()).isEqualTo(drawn.crop());
    assertThat(other.jitter()).isEqualTo(drawn.jitter());
    assertThat(other.sigma()).isEqualTo(drawn.sigma());
  }

  private static ViewParameters draw(Style style, int image, int view) {
    return ViewParameters.draw(TestSettings.recipe(style, 224), 375, 500, 1, 0, image, view);
  }

  private static double meanArea(Style style, int height, int width) {
    AugmentSettings settings = TestSettings.recipe(style, 224);
    double sum = 0;
    for (int image = 0; image < DRAWS; image++) {
      CropBox box = ViewParameters.draw(settings, height, width, 1, 0, image, 0).crop();
      sum += (double) box.height() * box.width() / height / width;
    }
    return sum / DRAWS;
  }

  private static double share(int view, Predicate<ViewParameters> event) {
    int count = 0;
    for (int image = 0; image < DRAWS; image++) {
      count += event.test(draw(Style.DEEPMIND, image, view)) ? 1 : 0;
    }
    return (double) count / DRAWS;
  }

  private static void assertRange(
      Style style, ToDoubleFunction<ViewParameters> value, double from, double to) {
    double slack = (to - from) * 0.001;
    double[] values =
        IntStream.range(0, DRAWS)
            .mapToDouble(i -> value.applyAsDouble(draw(style, i, 0)))
            .toArray();
    double least = Arrays.stream(values).min().orElseThrow();
    double most = Arrays.stream(values).max().orElseThrow();
    assertThat(least).isBetween(from, from + slack);
    assertThat(most).isBetween(to - slack, to);
  }
}
