package org.byol4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WeightedKnnTest {
  private static final List<String> CLASSES = List.of("cat", "dog", "eel", "fox", "gnu", "hen");

  @Test
  void nearestImageDecidesWithOneNeighbour() {
    Features train = features(2, new int[] {0, 1}, 1, 0, 0, 1);

    assertEquals(1, top1(train, features(2, new int[] {0}, 3, 1), 1, 0.1));
    assertEquals(0, top1(train, features(2, new int[] {1}, 3, 1), 1, 0.1));
  }

  @Test
  void manyWeakVotesBeatAStrongOneOnlyAtAHighTemperature() {
    // similarities to (1, 0): cat 1, dogs .8 and .8
    Features train = features(2, new int[] {0, 1, 1}, 5, 0, 4, 3, 4, -3);
    Features test = features(2, new int[] {0}, 1, 0);

    // exp(10) > 2 exp(8), as the difference .2 / .1 is above ln 2 = .693
    assertEquals(1, top1(train, test, 3, 0.1));
    // .2 / .5 is below it
    assertEquals(0, top1(train, test, 3, 0.5));
    // the turning point is .2 / ln 2 = .28854
    assertEquals(1, top1(train, test, 3, 0.288));
    assertEquals(0, top1(train, test, 3, 0.289));
  }

  @Test
  void lengthOfAFeatureVectorDoesNotMatter() {
    Features train = features(2, new int[] {0, 1}, 1e-3f, 0, 1e4f, 2e4f);

    assertEquals(1, top1(train, features(2, new int[] {0}, 7, 1), 1, 0.1));
  }

  @Test
  void smallTemperatureDoesNotOverflow() {
    Features train = features(2, new int[] {0, 1, 1}, 5, 0, 4, 3, 4, -3);

    assertEquals(1, top1(train, features(2, new int[] {0}, 1, 0), 3, 1e-4));
  }

  @Test
  void onlyTheNearestVote() {
    // the second neighbour of each side is of the other class
    Features train = features(1, new int[] {0, 1, 1, 1}, new float[] {1, 1, -1, -1});

    KnnResult result = new WeightedKnn(1, 0.1, 1).evaluate(train, features(1, new int[] {0}, 1));
    assertEquals(1, result.top1(), "of equally similar images the first one votes");
  }

  @Test
  void firstClassWinsATie() {
    Features train = features(2, new int[] {1, 0}, 1, 0, 1, 0);

    assertEquals(1, top1(train, features(2, new int[] {0}, 1, 0), 2, 0.1));
    assertEquals(0, top1(train, features(2, new int[] {1}, 1, 0), 2, 0.1));
  }

  @Test
  void fiveClassesWithTheMostVotesCountForTop5() {
    float[] similar = {1, .9f, .8f, .7f, .6f, .5f};
    float[] train = new float[12];
    for (int i = 0; i < 6; i++) {
      train[2 * i] = similar[i];
      train[2 * i + 1] = (float) Math.sqrt(1 - similar[i] * similar[i]);
    }
    Features bank = features(2, new int[] {0, 1, 2, 3, 4, 5}, train);

    for (int label = 0; label < 6; label++) {
      KnnResult result =
          new WeightedKnn(6, 0.1, 1).evaluate(bank, features(2, new int[] {label}, 1, 0));
      assertEquals(label < 1 ? 1 : 0, result.top1(), "label=" + label);
      assertEquals(label < 5 ? 1 : 0, result.top5(), "label=" + label);
    }
  }

  @Test
  void classWithoutAVoteIsNotAmongTheFive() {
    Features train = features(2, new int[] {0, 1}, 1, 0, -1, 0);

    assertEquals(
        0, new WeightedKnn(1, 0.1, 1).evaluate(train, features(2, new int[] {1}, 1, 0)).top5());
  }

  @Test
  void allVoteWhereThereAreFewerThanK() {
    Features train = features(2, new int[] {0, 1, 1}, 5, 0, 4, 3, 4, -3);
    KnnResult result =
        new WeightedKnn(200, 0.1, 1).evaluate(train, features(2, new int[] {0}, 1, 0));

    assertEquals(new KnnResult(1, 1, 3, 1, 3), result);
  }

  @Test
  void resultIsThatOfASortInDoubleForAnyNumberOfThreads() {
    for (long seed = 1; seed <= 6; seed++) {
      Random random = new Random(seed);
      int width = 1 + random.nextInt(40);
      Features train = clusters(random, width, 700 + random.nextInt(700));
      Features test = clusters(random, width, 150);
      int k = 1 + random.nextInt(60);
      double[] expected = bySort(train, test, k, 0.1);
      for (int threads = 1; threads <= 3; threads++) {
        KnnResult result = new WeightedKnn(k, 0.1, threads).evaluate(train, test);
        String where = "seed=" + seed + " threads=" + threads;
        assertEquals(expected[0], result.top1(), 1e-12, where);
        assertEquals(expected[1], result.top5(), 1e-12, where);
        assertThat(result.top1()).as(where).isBetween(0.25, 0.999);
      }
    }
  }

  @Test
  void moreThreadsThanQueriesDoNotMatter() {
    Features train = features(2, new int[] {0, 1}, 1, 0, 0, 1);

    KnnResult result =
        new WeightedKnn(1, 0.1, 7).evaluate(train, features(2, new int[] {0, 1}, 1, 0, 0, 1));
    assertEquals(1, result.top1());
  }

  @Test
  void classesAreMatchedByTheirNames() {
    Features train =
        new Features(new float[] {1, 0, 0, 1}, new int[] {0, 1}, List.of("cat", "dog"));
    Features test = new Features(new float[] {0, 1}, new int[] {0}, List.of("dog"));

    assertEquals(1, top1(train, test, 1, 0.1));
  }

  @Test
  void classThatTrainingDoesNotHaveIsRefused() {
    Features train = new Features(new float[] {1, 0}, new int[] {0}, List.of("cat"));
    Features test = new Features(new float[] {0, 1}, new int[] {0}, List.of("dog"));

    assertThatThrownBy(() -> top1(train, test, 1, 0.1))
        .isInstanceOf(EvaluationException.class)
        .hasMessage("class=dog of the test images is not one of training: [cat]");
  }

  @Test
  void differentWidthsAreRefused() {
    assertThatThrownBy(
            () -> top1(features(2, new int[] {0}, 1, 0), features(1, new int[] {0}, 1), 1, 0.1))
        .isInstanceOf(EvaluationException.class)
        .hasMessage("test features are 1 wide, expected 2 as in training");
  }

  @Test
  void settingsThatMakeNoSenseAreRefused() {
    assertThatThrownBy(() -> new WeightedKnn(0, 0.1, 1)).hasMessageContaining("k=0");
    assertThatThrownBy(() -> new WeightedKnn(1, 0, 1)).hasMessageContaining("temperature=0.0");
    assertThatThrownBy(() -> new WeightedKnn(1, Double.NaN, 1))
        .hasMessageContaining("temperature=NaN");
    assertThatThrownBy(() -> new WeightedKnn(1, 0.1, 0)).hasMessageContaining("threads=0");
  }

  /** Points around six directions, wide enough to overlap. */
  private static Features clusters(Random random, int width, int rows) {
    Random centres = new Random(99);
    float[] centre = new float[6 * width];
    for (int i = 0; i < centre.length; i++) {
      centre[i] = (float) centres.nextGaussian();
    }
    float[] values = new float[rows * width];
    int[] labels = new int[rows];
    for (int row = 0; row < rows; row++) {
      labels[row] = random.nextInt(6);
      for (int f = 0; f < width; f++) {
        values[row * width + f] =
            centre[labels[row] * width + f] + 2f * (float) random.nextGaussian();
      }
    }
    return new Features(values, labels, CLASSES);
  }

  /** The definition, without blocks, heaps and float. */
  private static double[] bySort(Features train, Features test, int k, double temperature) {
    int top1 = 0;
    int top5 = 0;
    for (int q = 0; q < test.rows(); q++) {
      double[] similarity = new double[train.rows()];
      float[] query = new float[test.width()];
      float[] image = new float[test.width()];
      test.normalized(q, query);
      for (int row = 0; row < train.rows(); row++) {
        train.normalized(row, image);
        for (int f = 0; f < image.length; f++) {
          similarity[row] += (double) query[f] * image[f];
        }
      }
      double[] votes = new double[6];
      IntStream.range(0, train.rows())
          .boxed()
          .sorted(Comparator.comparing((Integer i) -> -similarity[i]).thenComparing(i -> i))
          .limit(k)
          .forEach(i -> votes[train.label(i)] += Math.exp(similarity[i] / temperature));
      double own = votes[test.label(q)];
      long better = Arrays.stream(votes).filter(vote -> vote > own).count();
      top1 += better == 0 && own > 0 ? 1 : 0;
      top5 += better < 5 && own > 0 ? 1 : 0;
    }
    return new double[] {top1 / (double) test.rows(), top5 / (double) test.rows()};
  }

  private static double top1(Features train, Features test, int k, double temperature) {
    return new WeightedKnn(k, temperature, 1).evaluate(train, test).top1();
  }

  private static Features features(int width, int[] labels, float... values) {
    assertEquals(labels.length * width, values.length);
    return new Features(values, labels, CLASSES);
  }
}
