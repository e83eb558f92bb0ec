package org.byol4j.device;

/** Two batch normalizations that share their statistics, as two replicas do. */
final class GroupOfTwo {

  private GroupOfTwo() {}

  /** Normalizes both with the merged statistics (Chan et al. 1979, eq. 2.1). */
  static void forward(BatchNorm[] norms, long[] rows, int channels) {
    double[] first = new double[2 * channels];
    double[] second = new double[2 * channels];
    norms[0].moments(first);
    norms[1].moments(second);
    long all = rows[0] + rows[1];
    double[] mean = new double[channels];
    double[] variance = new double[channels];
    for (int c = 0; c < channels; c++) {
      double difference = second[c] - first[c];
      mean[c] = first[c] + difference * rows[1] / all;
      double squares =
          first[channels + c]
              + second[channels + c]
              + difference * difference * rows[0] * rows[1] / all;
      variance[c] = squares / all;
    }
    norms[0].normalize(mean, variance);
    norms[1].normalize(mean, variance);
  }

  static void backward(BatchNorm.Backward[] backwards, long rows, int channels) {
    double[] first = new double[2 * channels];
    double[] second = new double[2 * channels];
    backwards[0].sums(first);
    backwards[1].sums(second);
    for (int i = 0; i < first.length; i++) {
      first[i] += second[i];
    }
    backwards[0].apply(first, rows);
    backwards[1].apply(first, rows);
  }
}
