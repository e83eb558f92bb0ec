package org.byol4j.paramserver;

import java.nio.FloatBuffer;
import java.util.List;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.FloatVector;
import org.byol4j.collective.Vector;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.optim.Momentum;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.byol4j.paramserver.sharing.EncodedPart;
import org.byol4j.paramserver.sharing.GradientEncoder;
import org.byol4j.paramserver.sharing.SharedElements;
import org.byol4j.paramserver.sharing.SharingSettings;
import org.byol4j.paramserver.sharing.Words;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A parameter server without owners: replicas send each other the part of their gradients that
 * exceeds a threshold, and each runs the optimizer on the sum of all parts, with the whole
 * momentum. Biases and parameters of normalizations are summed as they are.
 *
 * <p>Parts are summed in rank order and a step waits for all of them, so all replicas hold the same
 * bits where they compute alike; replicas on processors with other instructions may not. The
 * residual is this replica's alone, and part of the run's state, as is the threshold.
 */
public final class SharingServer implements ParameterServer {
  private final Device device;
  private final Collective collective;
  private final Momentum optimizer;
  private final ParameterTable table;
  private final Tensor gradients;
  private final Tensor target;
  private final Tensor online;
  private final OwnedMomentum momentum;
  private final OwnedSlice[] slices;
  private final SharedElements elements;
  private final GradientEncoder encoder;
  private final FloatVector dense;
  private final long[] denseBounds;
  private final long[] bounds;
  private final Words parts = new Words();
  private final float[] all;
  private final float[] toEncode;
  private final double[] squares;
  private final double[] partLength = new double[1];
  private final double[] partLengths;
  private final WeightsDigest digest;
  private final Vector weightsOnHost;
  private final Vector targetOnHost;
  private final int digestEverySteps;
  private long sentBytes;

  /**
   * Joins the server.
   *
   * @param settings how much is sent
   * @param digestEverySteps steps between two comparisons of all replicas' weights; 0 for none
   * @param table the online network's parameters, of which the target's are a prefix
   * @param weights the online weights, all of them
   * @param gradients the online gradients, all of them
   * @param target the target weights, all of them
   */
  public SharingServer(
      Device device,
      Collective collective,
      Momentum optimizer,
      SharingSettings settings,
      int digestEverySteps,
      ParameterTable table,
      Tensor weights,
      Tensor gradients,
      Tensor target) {
    this.device = device;
    this.collective = collective;
    this.optimizer = optimizer;
    this.table = table;
    this.gradients = gradients;
    this.target = target;
    this.online = weights.view(0, Shape.vector((int) target.shape().elements()));
    this.momentum = new OwnedMomentum(device, 0, table.length());
    this.slices =
        OwnedSlice.between(0, table.length(), table.slices(), weights, gradients, momentum);
    this.elements = new SharedElements(table);
    this.encoder = new GradientEncoder(settings, elements.encoded());
    this.dense = new FloatVector(elements.dense());
    this.denseBounds = Ranges.bounds(elements.dense(), collective.size());
    this.bounds = Ranges.bounds(table.length(), collective.size());
    this.all = new float[table.length()];
    this.toEncode = new float[elements.encoded()];
    this.squares = new double[slices.length];
    this.partLengths = new double[collective.size()];
    this.digest = new WeightsDigest(collective);
    this.weightsOnHost = new HostVector(device.host(weights));
    this.targetOnHost = new HostVector(device.host(target));
    this.digestEverySteps = digestEverySteps;
  }

  @Override
  public void step(long step, double learningRate, double targetDecay) {
    checkFinite(step);
    shareGradients(step);
    for (OwnedSlice slice : slices) {
      update(slice, learningRate);
    }
    moveTarget(targetDecay);
    if (digestEverySteps > 0 && (step + 1) % digestEverySteps == 0) {
      compareReplicas(step);
    }
  }

  /** Looks before anything changes: a value that is no number would stay in the residual. */
  private void checkFinite(long step) {
    for (OwnedSlice slice : slices) {
      squares[slice.index()] = device.dot(slice.gradients(), slice.gradients());
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

  /** Replaces the local gradients by the sum of what all replicas send. */
  private void shareGradients(long step) {
    device.read(gradients, FloatBuffer.wrap(all));
    elements.split(all, toEncode, dense.values());
    float[] decoded = sumOfParts(step, encoder.encode(step, toEncode));
    collective.reduceScatterSum(dense, denseBounds);
    collective.allGather(dense, denseBounds);
    elements.join(decoded, dense.values(), all);
    device.write(FloatBuffer.wrap(all), gradients);
  }

  private float[] sumOfParts(long step, int[] mine) {
    long[] partBounds = gather(mine);
    double share = 0;
    try (INDArray sum = Nd4j.create(DataType.FLOAT, elements.encoded())) {
      for (int rank = 0; rank < collective.size(); rank++) {
        int[] words = parts.get((int) partBounds[rank], (int) partBounds[rank + 1]);
        EncodedPart part = EncodedPart.received(words, rank, elements.encoded());
        part.addTo(sum);
        share += part.share(elements.encoded());
      }
      encoder.adapt(step, share / collective.size());
      return sum.toFloatVector();
    }
  }

  /** Brings the parts of all replicas here, and returns where each begins. */
  private long[] gather(int[] mine) {
    partLength[0] = mine.length;
    collective.allGather(partLength, partLengths);
    long[] partBounds = new long[collective.size() + 1];
    for (int rank = 0; rank < collective.size(); rank++) {
      double length = partLengths[rank];
      if (!(length >= 0 && length <= EncodedPart.mostWords(elements.encoded()))) {
        throw new CollectiveException(
            "encoded gradient: rank=%d has words=%s, expected at most %d"
                .formatted(rank, length, EncodedPart.mostWords(elements.encoded())));
      }
      partBounds[rank + 1] = partBounds[rank] + (long) length;
    }
    parts.resize(Math.toIntExact(partBounds[collective.size()]));
    parts.put((int) partBounds[collective.rank()], mine);
    collective.allGather(parts, partBounds);
    sentBytes += (long) mine.length * Integer.BYTES * (collective.size() - 1);
    return partBounds;
  }

  /** All that an update depends on is the same on every replica, so nothing is exchanged. */
  private void update(OwnedSlice slice, double learningRate) {
    Slice.Kind kind = slice.slice().kind();
    boolean needsNorms = optimizer.needsNorms(kind);
    double trust =
        needsNorms
            ? optimizer.trust(
                kind,
                device.dot(slice.weights(), slice.weights()),
                device.dot(slice.gradients(), slice.gradients()),
                device.dot(slice.gradients(), slice.weights()),
                learningRate)
            : 1;
    device.update(
        optimizer.decay(),
        trust,
        optimizer.weightDecay(kind),
        learningRate,
        slice.gradients(),
        slice.momentum(),
        slice.weights());
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
      device.axpby(1 - decay, online, decay, target);
    }
  }

  /** Returns at once: every replica moves the whole target by itself. */
  @Override
  public void awaitTarget() {}

  @Override
  public long awaitedNanos() {
    return 0;
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

  /** How many bytes of encoded gradients this replica has sent so far, to all others together. */
  public long sentBytes() {
    return sentBytes;
  }

  @Override
  public void close() {
    encoder.close();
    momentum.close();
  }
}
