package org.byol4j.device.onednn;

import org.byol4j.device.RegressionLoss;

/**
 * BYOL's loss of one view (Grill et al. 2020, eq. 2) and its gradient, in double: with {@code p =
 * q/|q|} and {@code t = z/|z|}, a row's loss is {@code 2 - 2 p.t} and its gradient with respect to
 * q is {@code 2 ((p.t) p - t) / |q|}.
 */
final class CosineLoss implements RegressionLoss {

  /** Below this, the square of a row's length counts as this much, and not as a variable. */
  private static final double LEAST_SQUARE = 1e-12;

  private final NativeTensor prediction;
  private final NativeTensor projection;
  private final NativeTensor gradient;
  private final double factor;
  private final int rows;
  private final int channels;
  private final float[] q;
  private final float[] z;
  private double loss;

  CosineLoss(
      NativeTensor prediction, NativeTensor projection, double factor, NativeTensor gradient) {
    this.prediction = prediction;
    this.projection = projection;
    this.factor = factor;
    this.gradient = gradient;
    channels = prediction.shape().channels();
    rows = Math.toIntExact(prediction.shape().rows());
    q = new float[channels];
    z = new float[channels];
  }

  @Override
  public void run() {
    prediction.memory().requireOpen();
    projection.memory().requireOpen();
    gradient.memory().requireOpen();
    double sum = 0;
    for (int row = 0; row < rows; row++) {
      sum += row((long) row * channels);
    }
    gradient.memory().changed();
    loss = sum;
  }

  @Override
  public void read(double[] to, int at) {
    to[at] = loss;
  }

  private double row(long at) {
    prediction.get(at, q, channels);
    projection.get(at, z, channels);
    double qq = 0;
    double zz = 0;
    double qz = 0;
    for (int c = 0; c < channels; c++) {
      qq += (double) q[c] * q[c];
      zz += (double) z[c] * z[c];
      qz += (double) q[c] * z[c];
    }
    double perQ = 1 / Math.sqrt(Math.max(qq, LEAST_SQUARE));
    double perZ = 1 / Math.sqrt(Math.max(zz, LEAST_SQUARE));
    double cosine = qz * perQ * perZ;
    double alongQ = (qq < LEAST_SQUARE ? 1 : cosine) * perQ * perQ;
    for (int c = 0; c < channels; c++) {
      q[c] = (float) (2 * factor * (alongQ * q[c] - perQ * perZ * z[c]));
    }
    gradient.put(at, q, channels);
    return qq * perQ * perQ + zz * perZ * perZ - 2 * cosine;
  }
}
