package org.byol4j.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Weighted k-nearest-neighbours (Wu et al. 2018, section 3.4): the k images that are most similar
 * by cosine vote for their classes with weight {@code exp(similarity / temperature)}.
 *
 * <p>Of equally similar images the first ones are neighbours, of classes with equal votes the first
 * wins, and a class without a vote wins nothing. The result is the same for any number of threads:
 * a similarity is summed up in the order of the features.
 */
public final class WeightedKnn {
  private static final int TOP = 5;

  private final int k;
  private final double temperature;
  private final int threads;

  /**
   * Sets up an evaluation.
   *
   * @param k how many neighbours vote, at least 1; of a smaller training set all vote
   * @param temperature above 0
   * @param threads how many threads compute, at least 1
   */
  public WeightedKnn(int k, double temperature, int threads) {
    if (k < 1 || !(temperature > 0) || threads < 1) {
      throw new IllegalArgumentException(
          "k=%d temperature=%s threads=%d, expected all of them above 0"
              .formatted(k, temperature, threads));
    }
    this.k = k;
    this.temperature = temperature;
    this.threads = threads;
  }

  /**
   * Classifies the test images by their neighbours among the training images.
   *
   * @throws EvaluationException if the two are not of the same width, or a class of the test images
   *     is not among those of the training images
   */
  public KnnResult evaluate(Features train, Features test) {
    if (train.width() != test.width()) {
      throw new EvaluationException(
          "test features are %d wide, expected %d as in training"
              .formatted(test.width(), train.width()));
    }
    int[] classInTraining = classesInTraining(train, test);
    int used = Math.min(k, train.rows());
    Neighbours[] neighbours = new Neighbours[test.rows()];
    for (int row = 0; row < neighbours.length; row++) {
      neighbours[row] = new Neighbours(used);
    }
    search(train, test, neighbours);

    int top1 = 0;
    int top5 = 0;
    double[] votes = new double[train.classes().size()];
    for (int row = 0; row < neighbours.length; row++) {
      vote(neighbours[row], train, votes);
      int place = placeOf(classInTraining[test.label(row)], votes);
      top1 += place < 1 ? 1 : 0;
      top5 += place < TOP ? 1 : 0;
    }
    double queries = test.rows();
    return new KnnResult(top1 / queries, top5 / queries, train.rows(), test.rows(), used);
  }

  /** Goes through the training images block by block; threads share the queries. */
  private void search(Features train, Features test, Neighbours[] neighbours) {
    SimilarityBlock block = new SimilarityBlock(train);
    List<Callable<Void>> ranges = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int from = (int) ((long) t * test.rows() / threads);
      int to = (int) ((long) (t + 1) * test.rows() / threads);
      ranges.add(() -> offer(block, test, neighbours, from, to));
    }
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      while (block.next()) {
        for (Future<Void> done : executor.invokeAll(ranges)) {
          done.get();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while searching for neighbours", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the search for neighbours failed", e.getCause());
    } finally {
      executor.shutdownNow();
    }
  }

  private void vote(Neighbours neighbours, Features train, double[] votes) {
    Arrays.fill(votes, 0);
    neighbours.sort();
    float best = neighbours.similarity(0);
    for (int n = 0; n < neighbours.count(); n++) {
      // divided by the largest weight, which no ranking sees, so that no temperature overflows
      votes[train.label(neighbours.row(n))] +=
          Math.exp((neighbours.similarity(n) - best) / temperature);
    }
  }

  private static int placeOf(int label, double[] votes) {
    if (votes[label] == 0) {
      return votes.length + TOP;
    }
    int place = 0;
    for (int other = 0; other < votes.length; other++) {
      boolean wins = votes[other] > votes[label] || (votes[other] == votes[label] && other < label);
      place += wins ? 1 : 0;
    }
    return place;
  }

  private static int[] classesInTraining(Features train, Features test) {
    Map<String, Integer> known = new HashMap<>();
    for (String name : train.classes()) {
      known.put(name, known.size());
    }
    int[] labels = new int[test.classes().size()];
    for (int label = 0; label < labels.length; label++) {
      String name = test.classes().get(label);
      if (!known.containsKey(name)) {
        throw new EvaluationException(
            "class=%s of the test images is not one of training: %s"
                .formatted(name, train.classes()));
      }
      labels[label] = known.get(name);
    }
    return labels;
  }

  /** Offers the images of a block to the queries {@code [from, to)}. */
  private static Void offer(
      SimilarityBlock block, Features test, Neighbours[] neighbours, int from, int to) {
    float[] query = new float[block.queryLength()];
    float[] similarities = new float[block.rows()];
    for (int row = from; row < to; row++) {
      test.normalized(row, query);
      block.similarities(query, similarities);
      neighbours[row].offer(similarities, block.count(), block.first());
    }
    return null;
  }
}
