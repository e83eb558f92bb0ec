package org.byol4j.paramserver;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.byol4j.collective.Collective;
import org.byol4j.collective.Vector;
import org.byol4j.device.Blend;
import org.byol4j.device.Device;
import org.byol4j.device.MomentumStep;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.optim.Momentum;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.byol4j.paramserver.ParameterServerSettings.TargetSync;

/**
 * One replica's share of the sharded synchronous parameter server.
 *
 * <p>It owns one element range of the flat buffers: the momentum there exists nowhere else, and
 * only here are online and target weights updated. In a step gradients go to their owners, summed
 * in rank order; the norms of each tensor are added up over the owners; optimizer and moving
 * average run on the range; and the new weights go to everyone. A single replica is the same code
 * with one range.
 *
 * <p>All replicas call the same methods in the same order. The tensors given to the constructor
 * stay the caller's; the momentum is this object's and is freed by {@link #close}.
 */
public final class SynchronousServer implements ParameterServer {
  private final Device device;
  private final Collective collective;
  private final Momentum optimizer;
  private final ParameterTable table;
  private final long[] bounds;
  private final Vector weights;
  private final Vector gradients;
  private final Vector target;
  private final OwnedMomentum momentum;
  private final OwnedSlice[] owned;
  private final Optional<Blend> moveTarget;
  private final GradientNorms norms;
  private final MomentumStep update;
  private final double[] trust;
  private final double[] weightDecay;
  private final double[] sums;
  private final Optional<TargetBroadcast> broadcast;
  private final WeightsDigest digest;
  private final int digestEverySteps;
  private long awaitedNanos;

  /**
   * Joins the server.
   *
   * @param settings how the replicas' weights are kept equal; means nothing to a single replica
   * @param table the online network's parameters, of which the target's are a prefix
   * @param weights the online weights, all of them
   * @param gradients the online gradients, all of them
   * @param target the target weights, all of them
   */
  public SynchronousServer(
      Device device,
      Collective collective,
      Momentum optimizer,
      ParameterServerSettings settings,
      ParameterTable table,
      Tensor weights,
      Tensor gradients,
      Tensor target) {
    this.device = device;
    this.collective = collective;
    this.optimizer = optimizer;
    this.table = table;
    this.bounds = Ranges.bounds(table.length(), collective.size());
    long[] targetBounds = Ranges.cut(bounds, target.shape().elements());
    this.weights = new HostVector(device.host(weights));
    this.gradients = new HostVector(device.host(gradients));
    this.target = new HostVector(device.host(target));
    this.momentum = new OwnedMomentum(device, ownedFrom(), ownedTo());
    this.owned =
        OwnedSlice.between(ownedFrom(), ownedTo(), table.slices(), weights, gradients, momentum);
    boolean isAlone = collective.size() == 1;
    this.broadcast =
        isAlone || settings.targetSync() == TargetSync.LOCAL
            ? Optional.empty()
            : Optional.of(new TargetBroadcast(collective, this.target, targetBounds));
    this.moveTarget =
        broadcast.isPresent()
            ? moving(
                target,
                weights,
                targetBounds[collective.rank()],
                targetBounds[collective.rank() + 1])
            : moving(target, weights, 0, target.shape().elements());
    this.norms = new GradientNorms(device, owned, optimizer::needsNorms);
    this.update = device.updates(Arrays.stream(owned).map(OwnedSlice::range).toList());
    this.trust = new double[owned.length];
    this.weightDecay = new double[owned.length];
    this.sums = new double[GradientNorms.SUMS * table.slices().size()];
    this.digest = new WeightsDigest(collective);
    this.digestEverySteps = settings.digestEverySteps();
  }

  @Override
  public void takeGradients() {
    collective.reduceScatterSum(gradients, bounds);
    norms.run();
  }

  @Override
  public void step(long step, double learningRate, double targetDecay) {
    norms.read(sums);
    collective.allReduceSum(sums);
    checkFinite(step);
    for (int i = 0; i < owned.length; i++) {
      Slice.Kind kind = owned[i].slice().kind();
      trust[i] = GradientNorms.trust(optimizer, kind, sums, owned[i].index(), learningRate);
      weightDecay[i] = optimizer.weightDecay(kind);
    }
    update.run(optimizer.decay(), trust, weightDecay, learningRate);
    collective.allGather(weights, bounds);
    moveTarget(targetDecay);
    if (digestEverySteps > 0 && (step + 1) % digestEverySteps == 0) {
      compareReplicas(step);
    }
  }

  /** Does nothing: a step's update is done in that step. */
  @Override
  public void settle() {}

  @Override
  public void compareReplicas(long step) {
    if (collective.size() == 1) {
      return;
    }
    awaitTarget();
    digest.compare("online weights", weights, step);
    digest.compare("target weights", target, step);
  }

  @Override
  public void moveTarget(double decay) {
    awaitTarget();
    if (decay == 1) {
      return;
    }
    if (moveTarget.isPresent()) {
      moveTarget.get().run(1 - decay, decay);
    }
    if (broadcast.isPresent()) {
      broadcast.get().begin();
    }
  }

  @Override
  public void awaitTarget() {
    if (broadcast.isPresent()) {
      long start = System.nanoTime();
      broadcast.get().await();
      awaitedNanos += System.nanoTime() - start;
    }
  }

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
    return ownedFrom();
  }

  @Override
  public long momentumTo() {
    return ownedTo();
  }

  @Override
  public void readMomentum(long from, FloatBuffer to) {
    momentum.read(from, to);
  }

  @Override
  public void writeMomentum(long from, FloatBuffer values) {
    momentum.write(from, values);
  }

  /** Frees the momentum, after what was on its way has arrived or failed. */
  @Override
  public void close() {
    broadcast.ifPresent(TargetBroadcast::close);
    momentum.close();
  }

  private void checkFinite(long step) {
    List<Slice> slices = table.slices();
    for (int i = 0; i < slices.size(); i++) {
      double square = GradientNorms.square(sums, i);
      if (!Double.isFinite(square)) {
        throw NotFiniteException.of("|gradient of " + slices.get(i).name() + "|^2", square, step);
      }
    }
  }

  /** What moves a part of the target weights towards the online ones, if there is any. */
  private Optional<Blend> moving(Tensor allTarget, Tensor allWeights, long from, long to) {
    if (from == to) {
      return Optional.empty();
    }
    Shape shape = Shape.vector((int) (to - from));
    return Optional.of(device.blend(allWeights.view(from, shape), allTarget.view(from, shape)));
  }
}
