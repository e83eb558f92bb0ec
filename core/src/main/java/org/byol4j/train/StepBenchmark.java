package org.byol4j.train;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.byol4j.collective.Collective;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.NetworkSettings;
import org.byol4j.nn.View;
import org.byol4j.optim.OptimizerSettings;
import org.byol4j.optim.TargetSettings;
import org.byol4j.paramserver.ParameterServerSettings;

/**
 * Times whole BYOL steps on random images, through the same {@link ByolStep#run} that trains: SGD
 * with momentum, a target that follows, one replica's share of the batch.
 */
public final class StepBenchmark {
  /** Steps before the clock starts. */
  public static final int WARMUP_STEPS = 3;

  private static final long SEED = 1;
  private static final double LEARNING_RATE = 0.03;

  private StepBenchmark() {}

  /**
   * What was measured on a replica.
   *
   * @param medianSeconds the median duration of a timed step
   * @param forwardSeconds the median time of a step's forward passes
   * @param backwardSeconds the median time of its backward passes
   * @param communicationSeconds the median time that it communicates, waiting for others included
   * @param sentBytes the median number of bytes that it sends to the others in a step
   * @param firstLoss the loss of the first step, before any update
   * @param lastLoss the loss of the last step
   */
  public record Result(
      double medianSeconds,
      double forwardSeconds,
      double backwardSeconds,
      double communicationSeconds,
      double sentBytes,
      double firstLoss,
      double lastLoss)
      implements Serializable {}

  /**
   * Runs {@link #WARMUP_STEPS} and then {@code steps} timed steps. Every replica of the group calls
   * this. The images lie where training's views do: on the device if it makes them itself, else in
   * memory of the host.
   *
   * @param server how the replicas' weights are kept equal
   * @param batch images per step, over all replicas
   * @param rows this replica's images
   * @param imageSize height and width, in pixels
   */
  public static Result run(
      Device device,
      Collective collective,
      NetworkSettings network,
      ParameterServerSettings server,
      int batch,
      int rows,
      int imageSize,
      int steps) {
    int total = WARMUP_STEPS + steps;
    TrainSettings train = new TrainSettings(1, batch, 1, SEED, 1, collective.size());
    OptimizerSettings sgd =
        new OptimizerSettings(
            OptimizerSettings.Algorithm.SGD, LEARNING_RATE, batch, 0, 0.9, 0, true, 0, false);
    TargetSettings target =
        new TargetSettings(
            0.99, TargetSettings.Schedule.CONSTANT, TargetSettings.Update.AFTER_STEP);
    RandomImages noise = new RandomImages(rows, imageSize, SEED + collective.rank());
    MicroBatches images =
        device.makesViews() ? noise.on(device, new Shape(rows, imageSize, imageSize, 3)) : noise;
    try (Replica replica =
        new Replica(
            device,
            collective,
            new Architecture(network),
            train,
            sgd,
            target,
            server,
            rows,
            imageSize,
            total)) {
      double firstLoss = 0;
      double lastLoss = 0;
      double[] seconds = new double[steps];
      double[] forward = new double[steps];
      double[] backward = new double[steps];
      double[] communication = new double[steps];
      double[] sent = new double[steps];
      for (int step = 0; step < total; step++) {
        long start = System.nanoTime();
        long sentBefore = collective.sentBytes();
        lastLoss = replica.step(step, images);
        if (step == 0) {
          firstLoss = lastLoss;
        }
        if (step >= WARMUP_STEPS) {
          int timed = step - WARMUP_STEPS;
          seconds[timed] = (System.nanoTime() - start) / 1e9;
          forward[timed] = replica.times().forwardNanos() / 1e9;
          backward[timed] = replica.times().backwardNanos() / 1e9;
          communication[timed] = replica.times().communicationNanos() / 1e9;
          sent[timed] = collective.sentBytes() - sentBefore;
        }
      }
      return new Result(
          median(seconds),
          median(forward),
          median(backward),
          median(communication),
          median(sent),
          firstLoss,
          lastLoss);
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }

  /** The same normal noise at every step. */
  static final class RandomImages implements MicroBatches {
    private final View view1;
    private final View view2;

    RandomImages(int rows, int imageSize, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      int length = rows * imageSize * imageSize * 3;
      this.view1 = View.of(noise(length, random));
      this.view2 = View.of(noise(length, random));
    }

    /** The same on a device, for as long as that is open. */
    MicroBatches on(Device device, Shape shape) {
      return new DeviceImages(resident(view1, device, shape), resident(view2, device, shape));
    }

    private static View resident(View view, Device device, Shape shape) {
      Tensor images = device.allocateActivations(shape);
      view.writeTo(device, images);
      return View.of(images);
    }

    private static FloatBuffer noise(int length, SplittableRandom random) {
      FloatBuffer values =
          ByteBuffer.allocateDirect(length * Float.BYTES)
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer();
      for (int i = 0; i < length; i++) {
        values.put(i, (float) random.nextGaussian());
      }
      return values;
    }

    @Override
    public void next() {}

    @Override
    public View view1() {
      return view1;
    }

    @Override
    public View view2() {
      return view2;
    }
  }

  /** The same images at every step. */
  private record DeviceImages(View view1, View view2) implements MicroBatches {

    @Override
    public void next() {}
  }
}
