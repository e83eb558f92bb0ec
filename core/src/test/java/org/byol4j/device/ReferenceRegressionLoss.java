package org.byol4j.device;

/** BYOL's loss of one view straight from Grill et al. 2020, eq. 2. */
final class ReferenceRegressionLoss implements RegressionLoss {
  private static final double SMALLEST = 1e-12;

  private final ReferenceTensor prediction;
  private final ReferenceTensor projection;
  private final double factor;
  private final ReferenceTensor gradient;
  private double loss;

  ReferenceRegressionLoss(
      ReferenceTensor prediction,
      ReferenceTensor projection,
      double factor,
      ReferenceTensor gradient) {
    ReferenceDevice.requireLength("projection", prediction.length(), projection);
    ReferenceDevice.requireLength("gradient", prediction.length(), gradient);
    this.prediction = prediction;
    this.projection = projection;
    this.factor = factor;
    this.gradient = gradient;
  }

  @Override
  public void run() {
    int channels = prediction.shape().channels();
    double[] q = prediction.array();
    double[] z = projection.array();
    double[] out = gradient.array();
    double sum = 0;
    for (int row = 0; row < prediction.shape().rows(); row++) {
      int atQ = prediction.offset() + row * channels;
      int atZ = projection.offset() + row * channels;
      double squaresQ = squares(q, atQ, channels);
      double inverseQ = 1 / Math.sqrt(Math.max(squaresQ, SMALLEST));
      double inverseZ = 1 / Math.sqrt(Math.max(squares(z, atZ, channels), SMALLEST));
      double along = 0;
      for (int c = 0; c < channels; c++) {
        double unitQ = q[atQ + c] * inverseQ;
        double difference = unitQ - z[atZ + c] * inverseZ;
        sum += difference * difference;
        along += 2 * difference * unitQ;
      }
      boolean clamped = squaresQ < SMALLEST;
      for (int c = 0; c < channels; c++) {
        double unitQ = q[atQ + c] * inverseQ;
        double toUnit = 2 * (unitQ - z[atZ + c] * inverseZ);
        double across = clamped ? toUnit : toUnit - along * unitQ;
        out[gradient.offset() + row * channels + c] = factor * inverseQ * across;
      }
    }
    loss = sum;
  }

  @Override
  public void read(double[] to, int at) {
    to[at] = loss;
  }

  private static double squares(double[] values, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += values[i] * values[i];
    }
    return sum;
  }
}
