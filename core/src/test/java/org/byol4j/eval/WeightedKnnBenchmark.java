package org.byol4j.eval;

import java.util.List;
import java.util.Random;

/** Times CIFAR-10's evaluation with 512 features: 10,000 queries among 50,000 images. */
public final class WeightedKnnBenchmark {
  private static final int WIDTH = 512;

  private WeightedKnnBenchmark() {}

  /**
   * Runs the benchmark.
   *
   * @param arguments the number of threads
   */
  public static void main(String[] arguments) {
    int threads = Integer.parseInt(arguments[0]);
    Features train = random(50_000, 1);
    Features test = random(10_000, 2);
    long start = System.nanoTime();
    KnnResult result = new WeightedKnn(200, 0.1, threads).evaluate(train, test);
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        "threads=%d seconds=%.1f gflop_per_s=%.1f top1=%.4f%n",
        threads, seconds, 2.0 * 50_000 * 10_000 * WIDTH / seconds / 1e9, result.top1());
  }

  private static Features random(int rows, long seed) {
    Random random = new Random(seed);
    float[] values = new float[rows * WIDTH];
    int[] labels = new int[rows];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    for (int i = 0; i < rows; i++) {
      labels[i] = random.nextInt(10);
    }
    return new Features(values, labels, List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
  }
}
