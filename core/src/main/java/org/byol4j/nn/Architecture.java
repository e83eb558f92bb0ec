package org.byol4j.nn;

import java.util.List;
import org.byol4j.device.Device;
import org.byol4j.parameters.ParameterTable;

/**
 * The networks of BYOL (Grill et al. 2020, figure 2): backbone, projector and, of the online
 * network, predictor. The predictor comes last, so that the target's parameters are a prefix of the
 * online network's.
 */
public final class Architecture {
  private final NetworkSettings settings;
  private final Sequential backbone;
  private final Sequential encoder;
  private final Sequential online;

  /** Describes the networks of these settings; allocates nothing on any device. */
  public Architecture(NetworkSettings settings) {
    this.settings = settings;
    this.backbone = ResNet.backbone("backbone.", settings);
    Sequential projector = head("projector", ResNet.features(settings));
    this.encoder = Sequential.of(backbone, projector);
    this.online =
        switch (settings.predictor()) {
          case MLP -> Sequential.of(encoder, head("predictor", settings.output()));
          case NONE -> encoder;
        };
  }

  /** What the networks were described by. */
  public NetworkSettings settings() {
    return settings;
  }

  /** The number of features that the backbone gives for an image. */
  public int features() {
    return ResNet.features(settings);
  }

  /** The table of the online network's parameters. */
  public ParameterTable onlineTable() {
    return declarations(online).parameters();
  }

  /** The table of the target network's parameters, a prefix of the online network's. */
  public ParameterTable targetTable() {
    return declarations(encoder).parameters();
  }

  /** Where the online network's running statistics lie; the target network's are a prefix. */
  public List<RunningRange> onlineRunning() {
    return declarations(online).running();
  }

  /** The number of the target network's running means and variances. */
  public int targetRunningLength() {
    List<RunningRange> ranges = declarations(encoder).running();
    return ranges.get(ranges.size() - 1).end();
  }

  /** The number of the backbone's parameters. */
  public int backboneParameters() {
    return declarations(backbone).parameters().length();
  }

  /** The number of the backbone's running means and variances, the first ones. */
  public int backboneRunningLength() {
    List<RunningRange> ranges = declarations(backbone).running();
    return ranges.get(ranges.size() - 1).end();
  }

  /** Allocates the state of a backbone that does not learn; its parameters are zero. */
  public NetworkState newBackboneState(Device device) {
    return new NetworkState(device, declarations(backbone), false);
  }

  /** Allocates an online network's state; its parameters are zero. */
  public NetworkState newOnlineState(Device device) {
    return new NetworkState(device, declarations(online), true);
  }

  /** Allocates a target network's state; its parameters are zero. */
  public NetworkState newTargetState(Device device) {
    return new NetworkState(device, declarations(encoder), false);
  }

  Sequential backbone() {
    return backbone;
  }

  /** Backbone and projector. */
  Sequential encoder() {
    return encoder;
  }

  /** Backbone, projector and predictor. */
  Sequential online() {
    return online;
  }

  private static Declarations declarations(Layer network) {
    Declarations declarations = new Declarations();
    network.declare(declarations);
    return declarations;
  }

  /** Linear, batch normalization, ReLU, linear (Grill et al. 2020, section 3.2). */
  private Sequential head(String name, int in) {
    boolean first =
        switch (settings.headBias()) {
          case FIRST, BOTH -> true;
          case LAST, NONE -> false;
        };
    boolean last =
        switch (settings.headBias()) {
          case LAST, BOTH -> true;
          case FIRST, NONE -> false;
        };
    return Sequential.of(
        new Linear(name + ".0", in, settings.hidden(), first),
        new BatchNormalization(name + ".1", settings.hidden(), true, settings),
        new Linear(name + ".3", settings.hidden(), settings.output(), last));
  }
}
