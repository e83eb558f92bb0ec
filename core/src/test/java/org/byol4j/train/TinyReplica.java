package org.byol4j.train;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.byol4j.collective.Collective;
import org.byol4j.collective.TimedCollective;
import org.byol4j.device.Device;
import org.byol4j.device.ReferenceDevice;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.ByolPlan;
import org.byol4j.nn.Initializer;
import org.byol4j.nn.NetworkState;
import org.byol4j.optim.LearningRate;
import org.byol4j.optim.Momentum;
import org.byol4j.optim.TargetDecay;
import org.byol4j.paramserver.ParameterServer;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.ParameterServerSettings.TargetSync;
import org.byol4j.paramserver.SharingServer;
import org.byol4j.paramserver.SynchronousServer;
import org.byol4j.paramserver.dl4j.MessagedParts;
import org.byol4j.paramserver.sharing.EncodedPart;
import org.byol4j.paramserver.sharing.SharedElements;
import org.byol4j.paramserver.sharing.SharingSettings;

/** All that one replica of a {@link Setup} computes with. */
final class TinyReplica implements AutoCloseable {

  /** What a group may do wrong, for tests that must notice it. */
  enum Flaw {
    NONE,
    /** Each replica normalizes with the statistics of its own rows. */
    LOCAL_STATISTICS,
    /** Batch statistics give each replica the same weight, whatever its rows. */
    STATISTICS_WITHOUT_COUNTS,
    /** The gradient is the mean over replicas of the means over their rows. */
    MEAN_OF_MEANS
  }

  /** A way to turn gradients into weights. */
  @FunctionalInterface
  private interface ServerKind {
    ParameterServer join(
        Device device,
        Collective collective,
        Momentum optimizer,
        NetworkState online,
        NetworkState target);
  }

  final Device device;
  final NetworkState online;
  final NetworkState target;
  final ByolPlan plan;
  final ParameterServer server;
  final ByolStep step;

  /**
   * Makes a replica for micro-batches of {@code rows} rows.
   *
   * @param device belongs to the replica from now on
   */
  TinyReplica(Device device, Collective collective, Setup setup, int rows, Flaw flaw) {
    this(
        device,
        collective,
        setup,
        rows,
        flaw,
        synchronous(ParameterServerSettings.synchronous(TargetSync.BROADCAST, 1)));
  }

  private TinyReplica(
      Device device, Collective collective, Setup setup, int rows, Flaw flaw, ServerKind servers) {
    this.device = device;
    Architecture architecture = new Architecture(setup.network());
    this.online = architecture.newOnlineState(device);
    this.target = architecture.newTargetState(device);
    float[] weights = new Initializer(setup.network()).draw(online.table(), setup.train().seed());
    device.write(FloatBuffer.wrap(weights), online.weights());
    device.write(FloatBuffer.wrap(weights), target.weights());
    double batch =
        flaw == Flaw.MEAN_OF_MEANS ? (double) rows * collective.size() : setup.train().batchSize();
    Collective statistics =
        switch (flaw) {
          case NONE, MEAN_OF_MEANS -> collective;
          case LOCAL_STATISTICS -> Collective.single();
          case STATISTICS_WITHOUT_COUNTS -> new WithoutCounts(collective);
        };
    this.plan =
        new ByolPlan(
            device,
            statistics,
            architecture,
            online,
            target,
            new Shape(rows, setup.imageSize(), setup.imageSize(), 3),
            setup.train().lossScale() / batch);
    this.server = servers.join(device, collective, new Momentum(setup.optimizer()), online, target);
    this.step =
        new ByolStep(
            device,
            collective,
            plan,
            online,
            server,
            LearningRate.of(
                setup.optimizer(), setup.train().batchSize(), setup.steps(), setup.steps()),
            new TargetDecay(setup.target(), setup.steps()),
            setup.target().update(),
            setup.train(),
            new StepTimes(new TimedCollective(collective), server));
  }

  TinyReplica(Collective collective, Setup setup, int rows) {
    this(new ReferenceDevice(), collective, setup, rows, Flaw.NONE);
  }

  /** Makes a replica without flaws whose weights are kept equal in a certain way. */
  TinyReplica(
      Device device,
      Collective collective,
      Setup setup,
      int rows,
      ParameterServerSettings serverSettings) {
    this(device, collective, setup, rows, Flaw.NONE, synchronous(serverSettings));
  }

  /** Makes a replica without flaws that shares encoded gradients. */
  TinyReplica(
      Device device, Collective collective, Setup setup, int rows, SharingSettings sharing) {
    this(device, collective, setup, rows, Flaw.NONE, sharing(sharing));
  }

  private static ServerKind synchronous(ParameterServerSettings settings) {
    return (device, collective, optimizer, online, target) ->
        new SynchronousServer(
            device,
            collective,
            optimizer,
            settings,
            online.table(),
            online.weights(),
            online.gradients(),
            target.weights());
  }

  private static ServerKind sharing(SharingSettings settings) {
    return (device, collective, optimizer, online, target) ->
        new SharingServer(
            device,
            collective,
            new MessagedParts(
                collective, EncodedPart.mostWords(new SharedElements(online.table()).encoded())),
            optimizer,
            settings,
            1,
            online.table(),
            online.weights(),
            online.gradients(),
            target.weights());
  }

  double[] onlineWeights() {
    return values(online.weights());
  }

  double[] targetWeights() {
    server.awaitTarget();
    return values(target.weights());
  }

  double[] gradients() {
    return values(online.gradients());
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

  @Override
  public void close() {
    server.close();
    plan.close();
    online.close();
    target.close();
    device.close();
  }
}
