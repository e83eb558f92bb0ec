package org.byol4j.device.nd4j;

import java.util.Arrays;
import org.byol4j.device.BatchNorm;
import org.byol4j.device.Op;

/**
 * The backward pass of a batch normalization (Ioffe and Szegedy 2015, section 3): {@code dx = scale
 * * rstd * (dz - mean(dz) - normalized * mean(dz * normalized))}, the means being over all
 * replicas. Between {@link #sums} and {@link #apply}, {@code dx} holds dz.
 */
final class Nd4jBatchNormBackward implements BatchNorm.Backward {

  private final Nd4jBatchNorm forward;
  private final int channels;
  private final Op mask;
  private final Op products;
  private final ColumnSums sumOfDz;
  private final ColumnSums sumOfProducts;
  private final double[] taken;
  private final double[] local;
  private final ChannelVector unit;
  private final ChannelVector minusLost;
  private final ChannelVector scaleShare;
  private final ChannelVector shiftShare;
  private final Op addShares;
  private final ChannelVector slope;
  private final ChannelVector offset;
  private final ChannelVector perDeviation;
  private final Op correction;

  Nd4jBatchNormBackward(
      Nd4jBatchNorm forward,
      Nd4jTensor dy,
      Nd4jTensor dx,
      Nd4jTensor scaleGradient,
      Nd4jTensor shiftGradient) {
    this.forward = forward;
    Engine engine = forward.engine;
    channels = forward.channels;
    long rows = forward.x.shape().rows();
    taken = new double[channels];
    local = new double[2 * channels];
    unit = new ChannelVector(engine, channels);
    Arrays.fill(unit.values(), 1f);
    unit.store();
    minusLost = new ChannelVector(engine, channels);
    scaleShare = new ChannelVector(engine, channels);
    shiftShare = new ChannelVector(engine, channels);
    slope = new ChannelVector(engine, channels);
    offset = new ChannelVector(engine, channels);
    perDeviation = new ChannelVector(engine, channels);
    mask = mask(dy, dx);
    products = products(dx);
    sumOfDz = new ColumnSums(engine, dx.memory(), dx.offset(), rows, channels, false);
    sumOfProducts = new ColumnSums(engine, engine.normalized(), 0, rows, channels, false);
    addShares = addShares(scaleGradient, shiftGradient);
    correction = correction(dx);
  }

  /** Makes dx what comes through the ReLU, if there is one. */
  private Op mask(Nd4jTensor dy, Nd4jTensor dx) {
    Engine engine = forward.engine;
    if (forward.form != BatchNorm.Form.RELU) {
      return dy.isSame(dx) ? () -> {} : new Copy(engine, dy.flat(), dx.flat());
    }
    Op again = forward.beforeRelu(engine.normalized().operand(forward.extent()));
    Op gradient =
        new Call(engine, "relu_bp")
            .in(engine.normalized().operand(dx.elements()), dy.flat())
            .out(dx.flat());
    return () -> {
      again.run();
      gradient.run();
    };
  }

  /** Makes dz times the normalized x, in the area for it. */
  private Op products(Nd4jTensor dx) {
    Area area = forward.engine.normalized();
    Op normalized =
        forward.normalized(unit.operand(), minusLost.operand(), area.operand(forward.extent()));
    Operand flat = area.operand(dx.elements());
    Op multiply = new Call(forward.engine, "multiply").in(flat, dx.flat()).out(flat);
    return () -> {
      normalized.run();
      multiply.run();
    };
  }

  private Op addShares(Nd4jTensor scaleGradient, Nd4jTensor shiftGradient) {
    Operand ofScale = scaleGradient.flat();
    Operand ofShift = shiftGradient.flat();
    Op first = new Call(forward.engine, "add").in(ofScale, scaleShare.operand()).out(ofScale);
    Op second = new Call(forward.engine, "add").in(ofShift, shiftShare.operand()).out(ofShift);
    return () -> {
      first.run();
      second.run();
    };
  }

  private Op correction(Nd4jTensor dx) {
    Engine engine = forward.engine;
    Op means =
        forward.normalized(
            slope.operand(), offset.operand(), engine.normalized().operand(forward.extent()));
    Op subtract =
        new Call(engine, "add")
            .in(dx.flat(), engine.normalized().operand(dx.elements()))
            .out(dx.flat());
    Operand gain = perDeviation.operand();
    Op gains = new Call(engine, "multiply").in(gain, forward.scale.flat()).out(gain);
    Op multiply = new Call(engine, "multiply").in(dx.matrix(), gain).out(dx.matrix());
    return () -> {
      means.run();
      subtract.run();
      gains.run();
      multiply.run();
    };
  }

  @Override
  public void local() {
    sums(local);
    apply(local, forward.x.shape().rows());
  }

  @Override
  public void sums(double[] sums) {
    forward.requireForward();
    for (int c = 0; c < channels; c++) {
      minusLost.values()[c] = (float) -forward.lost(c);
    }
    minusLost.store();
    mask.run();
    products.run();
    sumOfDz.take(taken);
    System.arraycopy(taken, 0, sums, 0, channels);
    sumOfProducts.take(taken);
    System.arraycopy(taken, 0, sums, channels, channels);
    for (int c = 0; c < channels; c++) {
      shiftShare.values()[c] = (float) sums[c];
      scaleShare.values()[c] = (float) sums[channels + c];
    }
    shiftShare.store();
    scaleShare.store();
    addShares.run();
  }

  @Override
  public void apply(double[] sums, long rows) {
    for (int c = 0; c < channels; c++) {
      double ofProducts = -sums[channels + c] / rows;
      slope.values()[c] = (float) ofProducts;
      offset.values()[c] = (float) (-sums[c] / rows - ofProducts * forward.lost(c));
      perDeviation.values()[c] = (float) forward.perDeviation(c);
    }
    slope.store();
    offset.store();
    perDeviation.store();
    correction.run();
  }
}
