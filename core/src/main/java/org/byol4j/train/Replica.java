package org.byol4j.train;

import java.nio.FloatBuffer;
import java.util.Optional;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.TimedCollective;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.ByolPlan;
import org.byol4j.nn.Initializer;
import org.byol4j.nn.NetworkState;
import org.byol4j.optim.LearningRate;
import org.byol4j.optim.Momentum;
import org.byol4j.optim.OptimizerSettings;
import org.byol4j.optim.TargetDecay;
import org.byol4j.optim.TargetSettings;
import org.byol4j.paramserver.DivergedException;
import org.byol4j.paramserver.ParameterServer;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.SharingServer;
import org.byol4j.paramserver.SynchronousServer;
import org.byol4j.paramserver.dl4j.MessagedParts;
import org.byol4j.paramserver.sharing.EncodedPart;
import org.byol4j.paramserver.sharing.GradientEncoder;
import org.byol4j.paramserver.sharing.PartExchange;
import org.byol4j.paramserver.sharing.SharedElements;

/**
 * One replica: both networks on a device, their plan, a share of the parameter server, and the step
 * that joins them. Confined to one thread; replicas of a group make their calls in lockstep.
 *
 * <p>The device and the group's collective stay the caller's.
 */
public final class Replica implements AutoCloseable {
  private final Architecture architecture;
  private final Device device;
  private final NetworkState online;
  private final NetworkState target;
  private final ByolPlan networks;
  private final Optional<SharingServer> sharing;
  private final ParameterServer server;
  private final LearningRate learningRate;
  private final TargetDecay targetDecay;
  private final ByolStep step;
  private final StepTimes times;

  /**
   * Builds a replica whose weights are drawn from the seed; the target starts as a copy of the
   * online network.
   *
   * @param serverSettings how the replicas' weights are kept equal
   * @param rows this replica's images per micro-batch
   * @param imageSize height and width of a view
   * @param stepsPerEpoch optimizer steps per epoch, which the warm-up is counted in
   */
  public Replica(
      Device device,
      Collective group,
      Architecture architecture,
      TrainSettings train,
      OptimizerSettings optimizer,
      TargetSettings targetSettings,
      ParameterServerSettings serverSettings,
      int rows,
      int imageSize,
      int stepsPerEpoch) {
    TimedCollective collective = new TimedCollective(group);
    this.architecture = architecture;
    this.device = device;
    this.online = architecture.newOnlineState(device);
    this.target = architecture.newTargetState(device);
    draw(train.seed());
    double gradientFactor = train.lossScale() / train.batchSize();
    this.networks =
        new ByolPlan(
            device,
            collective,
            architecture,
            online,
            target,
            new Shape(rows, imageSize, imageSize, 3),
            gradientFactor);
    Momentum momentum = new Momentum(optimizer);
    this.sharing =
        serverSettings
            .sharing()
            .map(
                settings ->
                    new SharingServer(
                        device,
                        collective,
                        exchange(group),
                        momentum,
                        settings,
                        serverSettings.digestEverySteps(),
                        online.table(),
                        online.weights(),
                        online.gradients(),
                        target.weights()));
    this.server =
        sharing.isPresent()
            ? sharing.get()
            : new SynchronousServer(
                device,
                collective,
                momentum,
                serverSettings,
                online.table(),
                online.weights(),
                online.gradients(),
                target.weights());
    this.times = new StepTimes(collective, server);
    long totalSteps = (long) train.epochs() * stepsPerEpoch;
    this.learningRate = LearningRate.of(optimizer, train.batchSize(), stepsPerEpoch, totalSteps);
    this.targetDecay = new TargetDecay(targetSettings, totalSteps);
    this.step =
        new ByolStep(
            device,
            collective,
            networks,
            online,
            server,
            learningRate,
            targetDecay,
            targetSettings.update(),
            train,
            times);
  }

  /**
   * @param group not the timed one: the server counts itself what it waits for parts
   */
  private PartExchange exchange(Collective group) {
    int elements = new SharedElements(online.table()).encoded();
    return new MessagedParts(group, EncodedPart.mostWords(elements));
  }

  /** Runs one optimizer step; see {@link ByolStep#run}. */
  public double step(long number, MicroBatches batches) {
    return step.run(number, batches);
  }

  /** See {@link ParameterServer#settle}. */
  public void settle() {
    server.settle();
  }

  /** See {@link ParameterServer#reasonOf}. */
  RuntimeException reasonOf(CollectiveException failure) {
    return server.reasonOf(failure);
  }

  /** What the last step's time went to. */
  StepTimes times() {
    return times;
  }

  /** The learning rate of a step. */
  public double learningRate(long number) {
    return learningRate.at(number);
  }

  /** The share of itself that the target keeps in a step. */
  public double targetDecay(long number) {
    return targetDecay.at(number);
  }

  /** What this replica's networks were made by, the same on all replicas. */
  public Architecture architecture() {
    return architecture;
  }

  /** The online network: backbone, projector and predictor. */
  public NetworkState online() {
    return online;
  }

  /** The target network, backbone and projector, as the last step left it. */
  public NetworkState target() {
    server.awaitTarget();
    return target;
  }

  /**
   * The online network's predictions for the last micro-batch's second views, {@code [rows,
   * output]}.
   */
  public Tensor predictions() {
    return networks.predictions();
  }

  /** The {@link org.byol4j.device.ProjectionSums} of the last micro-batch's second views. */
  double[] projectionSums() {
    return networks.projectionSums();
  }

  /** The target's projections of the last micro-batch's first views, {@code [rows, output]}. */
  public Tensor projections() {
    return networks.projections();
  }

  /**
   * Returns if all replicas hold the same weights, to the bit; every replica calls this.
   *
   * @param number the last step that was done, for messages
   * @throws DivergedException on every replica if they do not
   */
  public void compareReplicas(long number) {
    server.compareReplicas(number);
  }

  /** What is encoded and not sent yet, where gradients are shared that way. */
  Optional<GradientEncoder> encoder() {
    return sharing.map(SharingServer::encoder);
  }

  /** The first element of the range of the online parameters that this replica owns. */
  public int ownedFrom() {
    return Math.toIntExact(server.ownedFrom());
  }

  /** The element behind the owned range, which may be empty. */
  public int ownedTo() {
    return Math.toIntExact(server.ownedTo());
  }

  /** See {@link ParameterServer#momentumFrom}. */
  long momentumFrom() {
    return server.momentumFrom();
  }

  /** See {@link ParameterServer#momentumTo}. */
  long momentumTo() {
    return server.momentumTo();
  }

  /** See {@link ParameterServer#readMomentum}. */
  public void readMomentum(long from, FloatBuffer to) {
    server.readMomentum(from, to);
  }

  /** See {@link ParameterServer#writeMomentum}. */
  public void writeMomentum(long from, FloatBuffer values) {
    server.writeMomentum(from, values);
  }

  @Override
  public void close() {
    server.close();
    networks.close();
    target.close();
    online.close();
  }

  private void draw(long seed) {
    float[] values =
        new Initializer(architecture.settings()).draw(architecture.onlineTable(), seed);
    device.write(FloatBuffer.wrap(values), online.weights());
    int prefix = target.table().length();
    device.write(FloatBuffer.wrap(values, 0, prefix), target.weights());
  }
}
