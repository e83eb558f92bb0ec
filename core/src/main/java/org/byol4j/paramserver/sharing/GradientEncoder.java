package org.byol4j.paramserver.sharing;

import java.nio.FloatBuffer;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.ResidualPostProcessor;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.ThresholdAlgorithm;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.residual.NoOpResidualPostProcessor;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.residual.ResidualClippingPostProcessor;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.threshold.AdaptiveThresholdAlgorithm;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.conditions.Conditions;

/**
 * One replica's residual, and the encoding of what exceeds the threshold (Strom 2015, algorithm 1)
 * by ND4J's operations, at several multiples of it ({@link EncodedPart}). What is not sent now
 * stays in the residual: but for the clipping and for rounding, gradients put in are what was sent
 * plus the residual.
 *
 * <p>The threshold is the same on all replicas: they move it by what all have sent. Confined to one
 * thread.
 */
public final class GradientEncoder implements AutoCloseable {
  /** Epochs mean nothing to the algorithms that are used here. */
  private static final int NO_EPOCH = 0;

  /** ND4J encodes nothing where fewer would be sent; a single element waits in the residual. */
  private static final int FEWEST = 2;

  /** The algorithm's own first threshold: it is always told the one before. */
  private static final double UNUSED_THRESHOLD = 1;

  /** A part's threshold is a positive float32; without any gradient it would fall to 0. */
  private static final double SMALLEST_THRESHOLD = Float.MIN_NORMAL;

  private final double maxShare;
  private final Residual residual;
  private final TakenWords taken = new TakenWords();
  private final INDArray added;
  private final HostFloats addedOnHost;
  private final ThresholdAlgorithm algorithm;
  private final ResidualPostProcessor clipping;
  private double threshold;
  private double usedThreshold;
  private double share;

  /**
   * Makes an empty residual.
   *
   * @param lengths how many elements each tensor of a gradient has
   */
  public GradientEncoder(SharingSettings settings, int... lengths) {
    this.maxShare = settings.maxShare();
    this.residual = new Residual(lengths);
    this.added = Nd4j.create(DataType.FLOAT, residual.elements());
    this.addedOnHost = new HostFloats(added);
    this.algorithm =
        new AdaptiveThresholdAlgorithm(
            UNUSED_THRESHOLD, settings.minShare(), settings.maxShare(), settings.thresholdDecay());
    this.clipping =
        settings.clipMultiple() > 0
            ? new ResidualClippingPostProcessor(settings.clipMultiple(), settings.clipEverySteps())
            : new NoOpResidualPostProcessor();
    this.threshold = settings.initialThreshold();
  }

  /** Whether there is a threshold: one was given, taken over, or found by the first gradients. */
  public boolean hasThreshold() {
    return threshold > 0;
  }

  /** The threshold that the largest wanted share of the elements of {@code gradient} reaches. */
  public double thresholdFor(float[] gradient) {
    return FirstThreshold.of(gradient, maxShare);
  }

  /**
   * Takes gradients, and gives what is to be sent, in such units from now on; at first in units of
   * 1. The residual stays what it is.
   */
  public void useUnits(TensorUnits units) {
    residual.useUnits(units);
  }

  /**
   * Adds a gradient to the residual, and takes out of it what is to be sent.
   *
   * @param step the number of steps before this one, which the clipping goes by
   * @param gradient finite values, {@code [elements]}
   * @return what is to be sent, in {@link EncodedPart}'s layout; empty for nothing
   */
  public int[] encode(long step, float[] gradient) {
    addedOnHost.write(gradient);
    residual.values().addi(added);
    usedThreshold = threshold;
    share = 0;
    int[] words = takeOut();
    clipping.processResidual((int) step, NO_EPOCH, threshold, residual.values());
    return words;
  }

  /**
   * Chooses the threshold of the next step.
   *
   * @param step the number of steps before the one that was just encoded
   * @param meanShare the mean over all replicas of the share of elements that each has sent
   */
  public void adapt(long step, double meanShare) {
    share = meanShare;
    threshold =
        Math.max(
            SMALLEST_THRESHOLD,
            algorithm.calculateThreshold(
                (int) step, NO_EPOCH, threshold, false, meanShare, residual.values()));
  }

  /**
   * The share of elements that {@link #adapt} was told of since something was encoded last; 0 where
   * it was not, as updates are late.
   */
  public double share() {
    return share;
  }

  /** What elements had to reach to be sent, when something was encoded last. */
  public double usedThreshold() {
    return usedThreshold;
  }

  /** How many elements a gradient and the residual have. */
  public int elements() {
    return residual.elements();
  }

  /** What an element must reach to be sent in the next step. */
  public double threshold() {
    return threshold;
  }

  /**
   * Goes on with a threshold that all replicas have, which may be none, 0, before the first step.
   */
  public void takeThreshold(double of) {
    threshold = of;
  }

  /** Fills what remains in {@code to} with the residual from element {@code from} on. */
  public void readResidual(int from, FloatBuffer to) {
    residual.read(from, to);
  }

  /** Takes what remains in {@code values} as the residual from element {@code from} on. */
  public void writeResidual(int from, FloatBuffer values) {
    residual.write(from, values);
  }

  /** Adds what remains in {@code values} to the residual from element {@code from} on. */
  public void addToResidual(int from, FloatBuffer values) {
    residual.add(from, values);
  }

  @Override
  public void close() {
    added.close();
    residual.close();
  }

  private int[] takeOut() {
    taken.clear();
    for (double of : EncodedPart.thresholds(threshold)) {
      takeOut(of);
    }
    return taken.toArray();
  }

  private void takeOut(double of) {
    INDArray values = residual.values();
    int elements = residual.elements();
    long exceeding = values.scan(Conditions.absGreaterThanOrEqual(of)).longValue();
    if (exceeding < FEWEST) {
      return;
    }
    if (EncodedPart.isDense(exceeding, elements)) {
      try (INDArray bitmap = Nd4j.create(DataType.INT32, EncodedPart.bitmapWords(elements))) {
        Nd4j.getExecutioner().bitmapEncode(values, bitmap, of);
        taken.add(bitmap);
      }
      return;
    }
    try (INDArray indices = Nd4j.getExecutioner().thresholdEncode(values, of, Integer.MAX_VALUE)) {
      taken.add(indices);
    }
  }
}
