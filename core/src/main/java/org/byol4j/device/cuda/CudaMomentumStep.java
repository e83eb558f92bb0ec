package org.byol4j.device.cuda;

import java.nio.FloatBuffer;
import java.util.List;
import org.byol4j.device.MomentumStep;

/** A momentum step over many ranges, by one kernel over a table of them. */
final class CudaMomentumStep implements MomentumStep {

  /** Of a range: three addresses and the length. */
  private static final int RANGE = 4;

  /** Coefficients of all ranges, before those of each. */
  private static final int COMMON = 2;

  private final CudaTensor[] changed;
  private final Staging staging;
  private final FloatBuffer coefficients;
  private final GpuMemory coefficientsOnGpu;
  private final Launch updates;

  /**
   * @param ranges at least one, of float32
   */
  CudaMomentumStep(Engine engine, List<Range> ranges) {
    int count = ranges.size();
    long[] table = new long[RANGE * count];
    long[] lengths = new long[count];
    changed = new CudaTensor[2 * count];
    staging = engine.staging();
    coefficients = FloatBuffer.allocate(COMMON + 2 * count);
    coefficientsOnGpu = engine.allocate(Element.FP32, (long) coefficients.capacity() * Float.BYTES);
    updates = engine.launch("flat", Element.FP32, "updates");
    for (int i = 0; i < count; i++) {
      Range range = ranges.get(i);
      long length = range.weights().shape().elements();
      CudaTensor gradients =
          CudaTensor.of(range.gradients(), engine, Element.FP32, length, "gradients");
      CudaTensor momentum =
          CudaTensor.of(range.momentum(), engine, Element.FP32, length, "momentum");
      CudaTensor weights = CudaTensor.of(range.weights(), engine, Element.FP32, length, "weights");
      changed[2 * i] = momentum;
      changed[2 * i + 1] = weights;
      updates.needs(gradients).needs(momentum).needs(weights);
      lengths[i] = length;
      table[RANGE * i] = gradients.address();
      table[RANGE * i + 1] = momentum.address();
      table[RANGE * i + 2] = weights.address();
      table[RANGE * i + 3] = length;
    }
    Pieces pieces = Pieces.of(lengths);
    updates
        .grid(pieces.count(), 1)
        .memory(engine.table(table))
        .memory(engine.table(pieces.table()))
        .memory(coefficientsOnGpu);
  }

  @Override
  public void run(double momentumDecay, double[] trust, double[] weightDecay, double learningRate) {
    coefficients.clear().put((float) momentumDecay).put((float) learningRate);
    for (int i = 0; i < changed.length / 2; i++) {
      coefficients.put((float) trust[i]).put((float) weightDecay[i]);
    }
    staging.upload(coefficients.flip(), coefficientsOnGpu.address(), coefficients.capacity());
    updates.run();
    for (int i = 0; i < changed.length; i++) {
      changed[i].memory().changed();
    }
  }
}
