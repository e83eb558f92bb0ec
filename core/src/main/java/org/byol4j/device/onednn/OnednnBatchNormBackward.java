package org.byol4j.device.onednn;

import org.byol4j.device.BatchNorm;

/**
 * The backward pass of a batch normalization. With given statistics oneDNN treats them as
 * constants: it yields the two sums and {@code scale * rstd * dz}, from which {@link #apply}
 * subtracts {@code scale * rstd * (mean(dz) + normalized * mean(dz * normalized))} (Ioffe and
 * Szegedy 2015, section 3), the means being over all replicas.
 */
final class OnednnBatchNormBackward implements BatchNorm.Backward {

  private final OnednnBatchNorm forward;
  private final NativeTensor dy;
  private final NativeTensor dx;
  private final ChannelVector scaleGradient;
  private final ChannelVector shiftGradient;
  private final ChannelVector localScale;
  private final ChannelVector localShift;
  private final ChannelVector factor;
  private final ChannelVector offset;
  private final ChannelVector scale;
  private Operation local;
  private Operation unshared;
  private Operation correction;

  OnednnBatchNormBackward(
      OnednnBatchNorm forward,
      NativeTensor dy,
      NativeTensor dx,
      NativeTensor scaleGradient,
      NativeTensor shiftGradient) {
    this.forward = forward;
    this.dy = dy;
    this.dx = dx;
    this.scaleGradient = new ChannelVector(scaleGradient);
    this.shiftGradient = new ChannelVector(shiftGradient);
    scale = new ChannelVector(forward.scale);
    localScale = new ChannelVector(forward.engine, forward.channels);
    localShift = new ChannelVector(forward.engine, forward.channels);
    factor = new ChannelVector(forward.engine, forward.channels);
    offset = new ChannelVector(forward.engine, forward.channels);
  }

  @Override
  public void local() {
    if (local == null) {
      local = forward.backward(false, dy, dx, localScale, localShift);
    }
    local.run();
    scaleGradient.add(localScale);
    shiftGradient.add(localShift);
  }

  @Override
  public void sums(double[] sums) {
    if (unshared == null) {
      unshared = forward.backward(true, dy, dx, localScale, localShift);
      correction =
          new ChannelAffine(forward.engine, forward.x, forward.mean, factor, offset).accumulate(dx);
    }
    unshared.run();
    scaleGradient.add(localScale);
    shiftGradient.add(localShift);
    for (int c = 0; c < forward.channels; c++) {
      sums[c] = localShift.values()[c];
      sums[forward.channels + c] = localScale.values()[c];
    }
  }

  @Override
  public void apply(double[] sums, long rows) {
    float[] gamma = scale.fetch();
    float[] roundedMean = forward.mean.values();
    for (int c = 0; c < forward.channels; c++) {
      double perDeviation = 1 / Math.sqrt(forward.givenVariance[c] + forward.epsilon);
      double gain = gamma[c] * perDeviation / rows;
      double slope = -gain * perDeviation * sums[forward.channels + c];
      double lost = forward.givenMean[c] - roundedMean[c];
      factor.values()[c] = (float) slope;
      offset.values()[c] = (float) (-gain * sums[c] - slope * lost);
    }
    factor.store();
    offset.store();
    correction.run();
  }
}
