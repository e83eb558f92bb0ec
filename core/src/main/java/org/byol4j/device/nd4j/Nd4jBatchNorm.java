package org.byol4j.device.nd4j;

import org.byol4j.device.BatchNorm;
import org.byol4j.device.Figures;
import org.byol4j.device.Op;
import org.byol4j.device.Tensor;

/**
 * A batch normalization on ND4J's {@code batchnorm}, which takes the statistics it is given. The
 * statistics and the whole way back are made here: ND4J's {@code batchnorm_bp} takes none, so that
 * it cannot serve a group of replicas.
 */
final class Nd4jBatchNorm implements BatchNorm {

  private static final long WITH_SCALE = 1;
  private static final long WITH_SHIFT = 1;
  private static final long CHANNEL_AXIS = 3;

  final Engine engine;
  final Form form;
  final Nd4jTensor x;
  final Nd4jTensor scale;
  final double epsilon;
  final int channels;

  /** The statistics in use. */
  final double[] mean;

  final double[] variance;

  private final ChannelVector roundedMean;
  private final ChannelVector roundedVariance;

  /** What the mean loses when it is rounded to float32, in deviations. */
  private final ChannelVector lost;

  private final Operand shiftInUse;
  private final ColumnSums sums;
  private final double[] own;
  private final Op forward;
  private boolean wentForward;

  Nd4jBatchNorm(
      Engine engine,
      Form form,
      Nd4jTensor x,
      Nd4jTensor scale,
      Nd4jTensor shift,
      double epsilon,
      Nd4jTensor residual,
      Nd4jTensor y) {
    this.engine = engine;
    this.form = form;
    this.x = x;
    this.scale = scale;
    this.epsilon = epsilon;
    channels = x.shape().channels();
    mean = new double[channels];
    variance = new double[channels];
    own = new double[2 * channels];
    roundedMean = new ChannelVector(engine, channels);
    roundedVariance = new ChannelVector(engine, channels);
    lost = new ChannelVector(engine, channels);
    shiftInUse = new ChannelVector(engine, channels).operand();
    sums = new ColumnSums(engine, x.memory(), x.offset(), x.shape().rows(), channels, true);
    forward = forward(shift, residual, y);
  }

  private Op forward(Nd4jTensor shift, Nd4jTensor residual, Nd4jTensor y) {
    Op fromScale = new Call(engine, "multiply").in(scale.flat(), lost.operand()).out(shiftInUse);
    Op shiftOnce = new Call(engine, "subtract").in(shift.flat(), shiftInUse).out(shiftInUse);
    Op normalization = normalized(scale.flat(), shiftInUse, y.as(extent()));
    Op add = new Call(engine, "add").in(y.flat(), residual.flat()).out(y.flat());
    Op relu = new Call(engine, "relu").in(y.flat()).out(y.flat()).reals(0);
    return () -> {
      fromScale.run();
      shiftOnce.run();
      normalization.run();
      if (form == Form.ADD_RELU) {
        add.run();
      }
      if (form != Form.PLAIN) {
        relu.run();
      }
    };
  }

  /** Makes {@code to = factor * (x - mean) / sqrt(variance + epsilon) + offset}. */
  Op normalized(Operand factor, Operand offset, Operand to) {
    return new Call(engine, "batchnorm")
        .in(x.image(), roundedMean.operand(), roundedVariance.operand(), factor, offset)
        .out(to)
        .integers(WITH_SCALE, WITH_SHIFT, CHANNEL_AXIS)
        .reals(epsilon);
  }

  /** Makes what a ReLU of the forward pass got, the same bits again. */
  Op beforeRelu(Operand to) {
    return normalized(scale.flat(), shiftInUse, to);
  }

  /** The shape of x as ND4J takes it. */
  long[] extent() {
    return new long[] {
      x.shape().batch(), x.shape().height(), x.shape().width(), x.shape().channels()
    };
  }

  /** One over the deviation of a channel. */
  double perDeviation(int channel) {
    return 1 / Math.sqrt(variance[channel] + epsilon);
  }

  /** What the mean of a channel lost when it was rounded, in deviations. */
  double lost(int channel) {
    return lost.values()[channel];
  }

  @Override
  public void forwardLocal() {
    moments(own);
    long rows = x.shape().rows();
    for (int c = 0; c < channels; c++) {
      mean[c] = own[c];
      variance[c] = own[channels + c] / rows;
    }
    normalize();
  }

  @Override
  public void moments(double[] moments) {
    sums.take(moments);
    long rows = x.shape().rows();
    for (int c = 0; c < channels; c++) {
      double sum = moments[c];
      moments[c] = sum / rows;
      moments[channels + c] = Math.max(0, moments[channels + c] - sum / rows * sum);
    }
  }

  @Override
  public void normalize(double[] newMean, double[] newVariance) {
    System.arraycopy(newMean, 0, mean, 0, channels);
    System.arraycopy(newVariance, 0, variance, 0, channels);
    normalize();
  }

  private void normalize() {
    for (int c = 0; c < channels; c++) {
      float rounded = (float) mean[c];
      roundedMean.values()[c] = rounded;
      roundedVariance.values()[c] = (float) variance[c];
      lost.values()[c] = (float) ((mean[c] - rounded) * perDeviation(c));
    }
    roundedMean.store();
    roundedVariance.store();
    lost.store();
    forward.run();
    wentForward = true;
  }

  @Override
  public Figures statistics() {
    return Figures.of(mean, variance);
  }

  /**
   * @throws IllegalStateException if there was no forward pass
   */
  void requireForward() {
    if (!wentForward) {
      throw new IllegalStateException("backward pass after no forward pass");
    }
  }

  @Override
  public Backward backward(Tensor dy, Tensor dx, Tensor scaleGradient, Tensor shiftGradient) {
    return new Nd4jBatchNormBackward(
        this,
        Nd4jTensor.of(dy, engine, x.elements(), "dy"),
        Nd4jTensor.of(dx, engine, x.elements(), "dx"),
        Nd4jTensor.of(scaleGradient, engine, channels, "scale gradient"),
        Nd4jTensor.of(shiftGradient, engine, channels, "shift gradient"));
  }
}
