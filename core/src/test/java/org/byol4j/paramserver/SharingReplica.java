package org.byol4j.paramserver;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.byol4j.collective.Collective;
import org.byol4j.device.Device;
import org.byol4j.device.ReferenceDevice;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.optim.Momentum;
import org.byol4j.optim.OptimizerSettings;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.byol4j.parameters.Slice.Kind;
import org.byol4j.paramserver.sharing.EncodedPart;
import org.byol4j.paramserver.sharing.PartExchange;
import org.byol4j.paramserver.sharing.SharedElements;
import org.byol4j.paramserver.sharing.SharingSettings;

/** A replica of a {@link SharingServer} with random weights, and random gradients of its own. */
final class SharingReplica implements AutoCloseable {
  static final ParameterTable TABLE =
      new ParameterTable(
          List.of(
              new Slice("conv1.weight", Kind.WEIGHT, List.of(3000), 0),
              new Slice("bn1.weight", Kind.NORM_SCALE, List.of(40), 3000),
              new Slice("bn1.bias", Kind.NORM_SHIFT, List.of(40), 3040),
              new Slice("fc.weight", Kind.WEIGHT, List.of(2000), 3080),
              new Slice("fc.bias", Kind.BIAS, List.of(10), 5080)));

  static final int TARGET_LENGTH = 3080;
  static final int MOST_WORDS = EncodedPart.mostWords(new SharedElements(TABLE).encoded());

  final Device device;
  final Tensor weights;
  final Tensor gradients;
  final Tensor target;
  final Collective collective;
  final SharingServer server;

  /** What a replica ends with. */
  static final class State {
    final double[] weights;
    final double[] target;
    final float[] momentum;
    final float[] residual;
    final double threshold;

    State(double[] weights, double[] target, float[] momentum, float[] residual, double threshold) {
      this.weights = weights;
      this.target = target;
      this.momentum = momentum;
      this.residual = residual;
      this.threshold = threshold;
    }

    /** Everything, as bits. */
    List<Object> bits() {
      return List.of(
          Arrays.hashCode(weights),
          Arrays.hashCode(target),
          Arrays.hashCode(momentum),
          Arrays.hashCode(residual),
          threshold);
    }
  }

  /** A way for the parts of a group. */
  @FunctionalInterface
  interface Exchanges {
    PartExchange join(Collective collective, int mostWords);
  }

  /** The rates of learning by step. */
  @FunctionalInterface
  interface Rate {
    double at(int step);
  }

  /** Computes in float64. */
  SharingReplica(
      Collective collective,
      Exchanges exchanges,
      OptimizerSettings optimizer,
      SharingSettings sharing) {
    this(new ReferenceDevice(), collective, exchanges, optimizer, sharing);
  }

  /** The device belongs to the replica from now on. */
  SharingReplica(
      Device device,
      Collective collective,
      Exchanges exchanges,
      OptimizerSettings optimizer,
      SharingSettings sharing) {
    this.device = device;
    this.weights = device.allocate(Shape.vector(TABLE.length()));
    this.gradients = device.allocate(Shape.vector(TABLE.length()));
    this.target = device.allocate(Shape.vector(TARGET_LENGTH));
    this.collective = collective;
    write(randoms(1, TABLE.length()), weights);
    write(randoms(2, TARGET_LENGTH), target);
    this.server =
        new SharingServer(
            device,
            collective,
            exchanges.join(collective, MOST_WORDS),
            new Momentum(optimizer),
            sharing,
            0,
            TABLE,
            weights,
            gradients,
            target);
  }

  void load(int step) {
    device.write(FloatBuffer.wrap(gradient(step, collective.rank())), gradients);
  }

  void steps(int from, int to, Rate rate) {
    for (int step = from; step < to; step++) {
      load(step);
      server.takeGradients();
      server.step(step, rate.at(step), decay(step));
    }
  }

  State state() {
    FloatBuffer momentum = FloatBuffer.allocate(TABLE.length());
    server.readMomentum(0, momentum);
    FloatBuffer residual = FloatBuffer.allocate(5000);
    server.encoder().readResidual(0, residual);
    return new State(
        values(weights),
        values(target),
        momentum.array(),
        residual.array(),
        server.encoder().threshold());
  }

  /** Takes a state over, the momentum and the residual in two pieces each. */
  void take(State state) {
    write(state.weights, weights);
    write(state.target, target);
    server.writeMomentum(0, FloatBuffer.wrap(state.momentum, 0, 17));
    server.writeMomentum(17, FloatBuffer.wrap(state.momentum, 17, TABLE.length() - 17));
    server.encoder().writeResidual(0, FloatBuffer.wrap(state.residual, 0, 17));
    server.encoder().writeResidual(17, FloatBuffer.wrap(state.residual, 17, 5000 - 17));
    server.encoder().takeThreshold(state.threshold);
  }

  static double rate(int step) {
    return 0.5 / (1 + step);
  }

  static double decay(int step) {
    return 0.9 + 0.0005 * step;
  }

  static float[] gradient(int step, int rank) {
    Random random = new Random(1000L * step + rank);
    float[] values = new float[TABLE.length()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (1e-3 * random.nextGaussian());
    }
    return values;
  }

  static double[] randoms(long seed, int length) {
    return new Random(seed).doubles(length, -1, 1).toArray();
  }

  private double[] values(Tensor tensor) {
    if (device instanceof ReferenceDevice reference) {
      return reference.values(tensor);
    }
    FloatBuffer values = FloatBuffer.allocate((int) tensor.shape().elements());
    device.read(tensor, values);
    double[] widened = new double[values.capacity()];
    Arrays.setAll(widened, i -> values.get(i));
    return widened;
  }

  private void write(double[] values, Tensor to) {
    if (device instanceof ReferenceDevice reference) {
      reference.write(values, to);
      return;
    }
    FloatBuffer narrowed = FloatBuffer.allocate(values.length);
    for (double value : values) {
      narrowed.put((float) value);
    }
    device.write(narrowed.flip(), to);
  }

  @Override
  public void close() {
    server.close();
    device.close();
  }
}
