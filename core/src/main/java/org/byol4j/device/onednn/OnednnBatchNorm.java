package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_MEAN;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_VARIANCE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;

import java.util.HashMap;
import java.util.Map;
import org.byol4j.device.BatchNorm;
import org.byol4j.device.Figures;
import org.byol4j.device.Op;
import org.byol4j.device.Tensor;
import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * A batch normalization that goes one of two ways: with oneDNN's own statistics of the local rows,
 * or with given ones. Each way is made when it is first gone.
 */
final class OnednnBatchNorm implements BatchNorm {

  /** With fewer channels, or elements, oneDNN's own passes are as fast. */
  private static final int WIDE = 128;

  private static final int LARGE = 1 << 20;

  final Engine engine;
  final Form form;
  final NativeTensor x;
  final NativeTensor scale;
  final double epsilon;
  final int channels;

  /** The statistics in use, as oneDNN sees them. */
  final ChannelVector mean;

  final ChannelVector variance;

  /** The statistics in use where they were given. */
  final double[] givenMean;

  final double[] givenVariance;

  private final NativeTensor shift;
  private final NativeTensor residual;
  private final NativeTensor y;
  private final dnnl_memory_desc image;
  private final dnnl_memory_desc vector;
  private final Moments moments;
  private final ChannelVector shiftOnce;
  private final ChannelVector scaleOnce;

  /** The ways forward that were gone so far, and the last one; made when first gone. */
  private final Map<Boolean, Way> ways = new HashMap<>();

  private NativeMemory mask;
  private boolean goesBack;
  private Way last;

  private record Way(boolean given, BatchNormPlan plan, Op forward) {}

  OnednnBatchNorm(
      Engine engine,
      Form form,
      NativeTensor x,
      NativeTensor scale,
      NativeTensor shift,
      double epsilon,
      NativeTensor residual,
      NativeTensor y) {
    this.engine = engine;
    this.form = form;
    this.x = x;
    this.scale = scale;
    this.shift = shift;
    this.epsilon = epsilon;
    this.residual = residual;
    this.y = y;
    channels = x.shape().channels();
    mean = new ChannelVector(engine, channels);
    variance = new ChannelVector(engine, channels);
    scaleOnce = new ChannelVector(scale);
    shiftOnce = new ChannelVector(shift);
    givenMean = new double[channels];
    givenVariance = new double[channels];
    Layout layout = new Layout(engine);
    image = layout.image(x.shape());
    vector = layout.vector(channels);
    moments = new Moments(engine, x);
  }

  @Override
  public void forwardLocal() {
    last = way(false);
    last.forward.run();
  }

  @Override
  public void moments(double[] out) {
    moments.take(out);
  }

  @Override
  public void normalize(double[] newMean, double[] newVariance) {
    last = way(true);
    System.arraycopy(newMean, 0, givenMean, 0, channels);
    System.arraycopy(newVariance, 0, givenVariance, 0, channels);
    last.forward.run();
  }

  @Override
  public Figures statistics() {
    return new Figures() {
      @Override
      public int length() {
        return 2 * channels;
      }

      @Override
      public void read(double[] to, int at) {
        readStatistics(to, at);
      }
    };
  }

  private void readStatistics(double[] to, int at) {
    if (last != null && last.given) {
      System.arraycopy(givenMean, 0, to, at, channels);
      System.arraycopy(givenVariance, 0, to, at + channels, channels);
      return;
    }
    float[] ownMean = mean.fetch();
    float[] ownVariance = variance.fetch();
    for (int c = 0; c < channels; c++) {
      to[at + c] = ownMean[c];
      to[at + channels + c] = ownVariance[c];
    }
  }

  @Override
  public Backward backward(Tensor dy, Tensor dx, Tensor scaleGradient, Tensor shiftGradient) {
    if (!goesBack && last != null) {
      throw new IllegalStateException(
          "backward pass bound after the first forward pass, expected before");
    }
    goesBack = true;
    return new OnednnBatchNormBackward(
        this,
        NativeTensor.of(dy, engine, x.elements(), "dy"),
        NativeTensor.of(dx, engine, x.elements(), "dx"),
        NativeTensor.of(scaleGradient, engine, channels, "scale gradient"),
        NativeTensor.of(shiftGradient, engine, channels, "shift gradient"));
  }

  /**
   * Binds oneDNN's backward pass to the way that the forward pass went.
   *
   * @param withGiven whether the caller is on the way of given statistics
   */
  Operation backward(
      boolean withGiven,
      NativeTensor dy,
      NativeTensor dx,
      ChannelVector scaleGradient,
      ChannelVector shiftGradient) {
    if (last == null || last.given != withGiven) {
      throw new IllegalStateException(
          "backward pass with %s statistics after %s"
              .formatted(
                  withGiven ? "given" : "local",
                  last == null ? "no forward pass" : "a forward pass with the other kind"));
    }
    Operation.Binding binding = last.plan.backward();
    binding
        .input(DNNL_ARG_DIFF_DST, dy, image)
        .input(DNNL_ARG_SRC, x, image)
        .input(DNNL_ARG_SCALE, scale, vector)
        .output(DNNL_ARG_DIFF_SRC, dx, image);
    mean.bind(binding, DNNL_ARG_MEAN, vector);
    variance.bind(binding, DNNL_ARG_VARIANCE, vector);
    scaleGradient.bind(binding, DNNL_ARG_DIFF_SCALE, vector);
    shiftGradient.bind(binding, DNNL_ARG_DIFF_SHIFT, vector);
    return withMask(last.plan, binding).bind();
  }

  private Way way(boolean withGiven) {
    Way known = ways.get(withGiven);
    if (known == null) {
      known = newWay(withGiven);
      ways.put(withGiven, known);
    }
    return known;
  }

  private Way newWay(boolean withGiven) {
    BatchNormPlan plan =
        new BatchNormPlan(engine, x.shape(), epsilon, form == Form.RELU, withGiven, goesBack);
    if (plan.hasMask() && mask == null) {
      mask = engine.allocate(plan.maskBytes());
    }
    return new Way(
        withGiven,
        plan,
        withGiven ? forwardWithGivenStatistics(plan) : forwardWithOwnStatistics(plan));
  }

  private Op forwardWithOwnStatistics(BatchNormPlan plan) {
    if (form == Form.ADD_RELU && channels >= WIDE && x.elements() >= LARGE) {
      return forwardInTwoPasses(plan);
    }
    Operation normalization = normalization(plan, shift);
    if (form != Form.ADD_RELU) {
      return normalization;
    }
    Operation addRelu = new Elementwise(engine).addRelu(y, residual, y);
    return () -> {
      normalization.run();
      addRelu.run();
    };
  }

  /** Our own statistics and then the rest, where oneDNN would take three passes and two more. */
  private Op forwardInTwoPasses(BatchNormPlan plan) {
    Op normalization = forwardWithGivenStatistics(plan);
    double[] own = new double[2 * channels];
    long rows = x.shape().rows();
    return () -> {
      moments.take(own);
      for (int c = 0; c < channels; c++) {
        givenMean[c] = own[c];
        givenVariance[c] = own[channels + c] / rows;
      }
      normalization.run();
    };
  }

  private Operation normalization(BatchNormPlan plan, NativeTensor shiftInUse) {
    Operation.Binding binding = plan.forward();
    binding
        .input(DNNL_ARG_SRC, x, image)
        .input(DNNL_ARG_SCALE, scale, vector)
        .input(DNNL_ARG_SHIFT, shiftInUse, vector)
        .output(DNNL_ARG_DST, y, image);
    mean.bind(binding, DNNL_ARG_MEAN, vector);
    variance.bind(binding, DNNL_ARG_VARIANCE, vector);
    return withMask(plan, binding).bind();
  }

  private Operation.Binding withMask(BatchNormPlan plan, Operation.Binding binding) {
    return plan.hasMask() ? binding.input(DNNL_ARG_WORKSPACE, mask, 0, plan.mask()) : binding;
  }

  private Op forwardWithGivenStatistics(BatchNormPlan plan) {
    ChannelVector factor = new ChannelVector(engine, channels);
    ChannelVector offset = new ChannelVector(engine, channels);
    Operation pass =
        form == Form.ADD_RELU
            ? new ChannelAffine(engine, x, mean, factor, offset).addRelu(residual, y)
            : normalization(plan, offset.memory());
    return () -> {
      affine(factor.values(), offset.values());
      mean.store();
      variance.store();
      factor.store();
      offset.store();
      pass.run();
    };
  }

  /**
   * Rounds the given statistics to float32; what the mean loses goes into the shift, so that the
   * result is exact also where the mean is large against the deviation.
   */
  private void affine(float[] factor, float[] offset) {
    float[] gamma = scaleOnce.fetch();
    float[] beta = shiftOnce.fetch();
    float[] roundedMean = mean.values();
    float[] roundedVariance = variance.values();
    for (int c = 0; c < channels; c++) {
      double gain = gamma[c] / Math.sqrt(givenVariance[c] + epsilon);
      roundedMean[c] = (float) givenMean[c];
      roundedVariance[c] = (float) givenVariance[c];
      factor[c] = (float) gain;
      offset[c] = (float) (beta[c] - gain * (givenMean[c] - roundedMean[c]));
    }
  }
}
