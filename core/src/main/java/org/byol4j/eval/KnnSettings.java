package org.byol4j.eval;

/**
 * The k-nearest-neighbours monitor while training ({@code knn.*}).
 *
 * @param everyEpochs the distance between two evaluations; 0 never evaluates
 * @param k how many neighbours vote
 * @param temperature what similarities are divided by before the exponential
 * @param maxImages at most how many images are used, evenly spaced by id; of those with a class
 *     every fifth is a query and the rest are the bank
 * @param imageSize height and width that images are evaluated at, in pixels: random crops show
 *     things larger than they are, so that more than a view's size is often better (Touvron et al.
 *     2019, "Fixing the train-test resolution discrepancy")
 */
public record KnnSettings(
    int everyEpochs, int k, double temperature, int maxImages, int imageSize) {

  /**
   * At most how many images one evaluation can use: the float32 features and the label of each of
   * them lie in one buffer, whose bytes an {@code int} counts.
   *
   * @param features how many there are of an image
   */
  public static int mostImages(int features) {
    return Integer.MAX_VALUE / Float.BYTES / (features + 1);
  }
}
