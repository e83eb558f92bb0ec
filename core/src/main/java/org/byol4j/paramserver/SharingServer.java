package org.byol4j.paramserver;

import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.FloatVector;
import org.byol4j.collective.Vector;
import org.byol4j.device.Blend;
import org.byol4j.device.Device;
import org.byol4j.device.MomentumStep;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.optim.Momentum;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.byol4j.paramserver.sharing.EncodedPart;
import org.byol4j.paramserver.sharing.FaultyReplicaException;
import org.byol4j.paramserver.sharing.GradientEncoder;
import org.byol4j.paramserver.sharing.LoadedNd4j;
import org.byol4j.paramserver.sharing.PartExchange;
import org.byol4j.paramserver.sharing.PartSum;
import org.byol4j.paramserver.sharing.SharedElements;
import org.byol4j.paramserver.sharing.SharingSettings;
import org.byol4j.paramserver.sharing.TensorUnits;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A parameter server without owners: replicas send each other the part of their gradients that
 * exceeds a threshold, and each runs the optimizer on the sum of all parts, with the whole
 * momentum. Biases and parameters of normalizations are summed as they are.
 *
 * <p>Parts are summed in rank order and an update waits for all of its step, so all replicas hold
 * the same bits where they compute alike; replicas on processors with other instructions may not.
 * The residual is this replica's alone, and part of the run's state, as is the threshold.
 *
 * <p>With a staleness of k the update of step s is done at the end of step s + k: the same updates
 * in the same order, with gradients that were taken at weights which are k updates older. The parts
 * travel meanwhile. {@link #settle} does those that have not been done.
 */
public final class SharingServer implements ParameterServer {
  private static final Logger LOG = LoggerFactory.getLogger(SharingServer.class);

  private final Device device;
  private final Collective collective;
  private final PartExchange exchange;
  private final int staleness;
  private final Momentum optimizer;
  private final ParameterTable table;
  private final Tensor gradients;
  private final Blend moveTarget;
  private final OwnedMomentum momentum;
  private final OwnedSlice[] slices;
  private final SharedElements elements;
  private final GradientEncoder encoder;
  private final FloatVector dense;
  private final long[] denseBounds;
  private final long[] bounds;
  private final Deque<SharedStep> underway = new ArrayDeque<>();

  /** Where sums of what goes as it is were, of steps whose update is done. */
  private final Deque<FloatBuffer> freeDense = new ArrayDeque<>();

  private final float[] all;
  private final PartSum sum;

  /** What is encoded, and what has been decoded. */
  private final float[] encoded;

  private final GradientNorms gradientNorms;
  private final GradientNorms sumNorms;
  private final boolean needsNorms;
  private final MomentumStep update;
  private final double[] trust;
  private final double[] weightDecay;
  private final double[] sums;
  private final double[] squares;
  private final WeightsDigest digest;
  private final Vector weightsOnHost;
  private final Vector targetOnHost;
  private final int digestEverySteps;
  private long awaitedNanos;

  /**
   * A step whose update is to be done when its parts are here.
   *
   * @param threshold what all replicas' parts of it were encoded with
   * @param units of its encoded tensors
   * @param dense the sums of what goes as it is
   */
  private record SharedStep(
      long step,
      double learningRate,
      double targetDecay,
      double threshold,
      TensorUnits units,
      FloatBuffer dense) {}

  /**
   * Joins the server.
   *
   * @param exchange how parts come to all replicas; the server's to close from now on
   * @param settings how much is sent, and how late it may be applied
   * @param digestEverySteps steps between two comparisons of all replicas' weights; 0 for none
   * @param table the online network's parameters, of which the target's are a prefix
   * @param weights the online weights, all of them
   * @param gradients the online gradients, all of them
   * @param target the target weights, all of them
   */
  public SharingServer(
      Device device,
      Collective collective,
      PartExchange exchange,
      Momentum optimizer,
      SharingSettings settings,
      int digestEverySteps,
      ParameterTable table,
      Tensor weights,
      Tensor gradients,
      Tensor target) {
    this.device = device;
    this.collective = collective;
    this.exchange = exchange;
    this.staleness = settings.staleness();
    this.optimizer = optimizer;
    this.table = table;
    this.gradients = gradients;
    Tensor online = weights.view(0, Shape.vector((int) target.shape().elements()));
    this.moveTarget = device.blend(online, target);
    this.momentum = new OwnedMomentum(device, 0, table.length());
    this.slices =
        OwnedSlice.between(0, table.length(), table.slices(), weights, gradients, momentum);
    this.elements = new SharedElements(table);
    LoadedNd4j.computeWith(device.threads());
    this.encoder = new GradientEncoder(settings, elements.lengths());
    this.sum = new PartSum(elements.encoded());
    this.dense = new FloatVector(elements.dense());
    this.denseBounds = Ranges.bounds(elements.dense(), collective.size());
    this.bounds = Ranges.bounds(table.length(), collective.size());
    this.all = new float[table.length()];
    this.encoded = new float[elements.encoded()];
    this.gradientNorms = new GradientNorms(device, slices, kind -> false);
    this.sumNorms = new GradientNorms(device, slices, optimizer::needsNorms);
    this.needsNorms =
        Arrays.stream(slices).anyMatch(slice -> optimizer.needsNorms(slice.slice().kind()));
    this.update = device.updates(Arrays.stream(slices).map(OwnedSlice::range).toList());
    this.trust = new double[slices.length];
    this.weightDecay = new double[slices.length];
    this.sums = new double[GradientNorms.SUMS * slices.length];
    this.squares = new double[slices.length];
    this.digest = new WeightsDigest(collective);
    this.weightsOnHost = new HostVector(device.host(weights));
    this.targetOnHost = new HostVector(device.host(target));
    this.digestEverySteps = digestEverySteps;
  }

  @Override
  public void takeGradients() {
    gradientNorms.run();
  }

  @Override
  public void step(long step, double learningRate, double targetDecay) {
    checkFinite(step);
    TensorUnits units = elements.units(squares);
    FloatBuffer denseSums = shareGradients(step, units);
    underway.addLast(
        new SharedStep(step, learningRate, targetDecay, encoder.usedThreshold(), units, denseSums));
    if (underway.size() > staleness) {
      update(underway.removeFirst());
    }
    if (digestEverySteps > 0 && (step + 1) % digestEverySteps == 0) {
      compareReplicas(step);
    }
  }

  @Override
  public void settle() {
    while (!underway.isEmpty()) {
      update(underway.removeFirst());
    }
  }

  /** Looks before anything changes: a value that is no number would stay in the residual. */
  private void checkFinite(long step) {
    gradientNorms.read(sums);
    for (int i = 0; i < squares.length; i++) {
      squares[i] = GradientNorms.square(sums, i);
    }
    collective.allReduceSum(squares);
    List<Slice> named = table.slices();
    for (int i = 0; i < squares.length; i++) {
      if (!Double.isFinite(squares[i])) {
        throw NotFiniteException.of(
            "sum over replicas of |gradient of " + named.get(i).name() + "|^2", squares[i], step);
      }
    }
  }

  /** Sends this replica's part, and returns the sums of what goes as it is. */
  private FloatBuffer shareGradients(long step, TensorUnits units) {
    device.read(gradients, FloatBuffer.wrap(all));
    elements.split(all, units, encoded, dense.values());
    if (!encoder.hasThreshold()) {
      agreeOnThreshold();
    }
    encoder.useUnits(units);
    exchange.send(step, encoder.encode(step, encoded));
    collective.reduceScatterSum(dense, denseBounds);
    collective.allGather(dense, denseBounds);
    FloatBuffer sums =
        freeDense.isEmpty() ? FloatBuffer.allocate(elements.dense()) : freeDense.pop();
    return sums.put(0, dense.values(), 0, elements.dense());
  }

  /** The mean of what the replicas find by their gradients, so that all have the same one. */
  private void agreeOnThreshold() {
    double[] found = {encoder.thresholdFor(encoded)};
    collective.allReduceSum(found);
    encoder.takeThreshold(Math.max(Float.MIN_NORMAL, found[0] / collective.size()));
  }

  /** Changes the weights by the gradients of all replicas in a step, and moves the target. */
  private void update(SharedStep shared) {
    sumUpParts(shared);
    sum.read(encoded);
    elements.join(encoded, shared.units(), shared.dense(), all);
    freeDense.push(shared.dense());
    device.write(FloatBuffer.wrap(all), gradients);
    changeWeights(shared.learningRate());
    moveTarget(shared.targetDecay());
  }

  /** Waits for the parts of a step, adds them up in rank order, and moves the threshold. */
  private void sumUpParts(SharedStep shared) {
    long step = shared.step();
    long start = System.nanoTime();
    List<int[]> parts = exchange.take(step);
    awaitedNanos += System.nanoTime() - start;
    double share = 0;
    sum.clear();
    for (int rank = 0; rank < collective.size(); rank++) {
      EncodedPart part = received(parts.get(rank), rank, shared);
      sum.add(part);
      share += part.share(elements.encoded());
    }
    encoder.adapt(step, share / collective.size());
  }

  /** A part that can be added; what a replica refuses, all do. */
  private EncodedPart received(int[] words, int from, SharedStep shared) {
    try {
      return EncodedPart.received(words, from, elements.encoded(), shared.threshold());
    } catch (CollectiveException e) {
      String reason =
          "rank=%d step=%d refused what came: %s"
              .formatted(collective.rank(), shared.step(), e.getMessage());
      LOG.error(reason);
      collective.abort(reason);
      throw new FaultyReplicaException(reason, e);
    }
  }

  @Override
  public RuntimeException reasonOf(CollectiveException failure) {
    return exchange.refusal().<RuntimeException>map(refused -> refused).orElse(failure);
  }

  /** All that an update depends on is the same on every replica, so nothing is exchanged. */
  private void changeWeights(double learningRate) {
    if (needsNorms) {
      sumNorms.run();
      sumNorms.read(sums);
    }
    for (int i = 0; i < slices.length; i++) {
      Slice.Kind kind = slices[i].slice().kind();
      trust[i] = GradientNorms.trust(optimizer, kind, sums, slices[i].index(), learningRate);
      weightDecay[i] = optimizer.weightDecay(kind);
    }
    update.run(optimizer.decay(), trust, weightDecay, learningRate);
  }

  @Override
  public void compareReplicas(long step) {
    if (collective.size() > 1) {
      digest.compare("online weights", weightsOnHost, step);
      digest.compare("target weights", targetOnHost, step);
    }
  }

  @Override
  public void moveTarget(double decay) {
    if (decay != 1) {
      moveTarget.run(1 - decay, decay);
    }
  }

  /** Returns at once: every replica moves the whole target by itself. */
  @Override
  public void awaitTarget() {}

  /** How long parts have been waited for. */
  @Override
  public long awaitedNanos() {
    return awaitedNanos;
  }

  @Override
  public long ownedFrom() {
    return bounds[collective.rank()];
  }

  @Override
  public long ownedTo() {
    return bounds[collective.rank() + 1];
  }

  @Override
  public long momentumFrom() {
    return 0;
  }

  @Override
  public long momentumTo() {
    return table.length();
  }

  @Override
  public void readMomentum(long from, FloatBuffer to) {
    momentum.read(from, to);
  }

  @Override
  public void writeMomentum(long from, FloatBuffer values) {
    momentum.write(from, values);
  }

  /** This replica's residual and the threshold: what it would not know again after a stop. */
  public GradientEncoder encoder() {
    return encoder;
  }

  @Override
  public void close() {
    exchange.close();
    sum.close();
    encoder.close();
    momentum.close();
  }
}
