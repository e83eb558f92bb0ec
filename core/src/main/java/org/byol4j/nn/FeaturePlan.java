package org.byol4j.nn;

import java.nio.FloatBuffer;
import org.byol4j.collective.Collective;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;

/**
 * The backbone with its running statistics, planned for a number of images: what evaluation and
 * export see of a trained network.
 */
public final class FeaturePlan implements AutoCloseable {
  private final Device device;
  private final Tensor arena;
  private final Slot input;
  private final Slot features;
  private final Planner.Section forward;

  /**
   * Plans the backbone.
   *
   * @param state the state of an online or a target network
   * @param inputShape {@code [batch, size, size, 3]}
   */
  public FeaturePlan(
      Device device, Architecture architecture, NetworkState state, Shape inputShape) {
    this.device = device;
    Planner plan = new Planner(device, Collective.single());
    this.forward = plan.begin(state, Planner.Mode.EVALUATE);
    this.input = plan.take(inputShape);
    this.features = architecture.backbone().forward(plan, input).output();
    this.arena = plan.finish(inputShape.batch(), "");
  }

  /** The number of images per run. */
  public int batch() {
    return input.shape().batch();
  }

  /** The number of features per image. */
  public int features() {
    return features.shape().channels();
  }

  /**
   * Makes the features {@code [batch, features]} of normalized images {@code [batch, size, size,
   * 3]}.
   */
  public void run(FloatBuffer images, FloatBuffer out) {
    device.write(images, input.tensor());
    forward.run();
    device.read(features.tensor(), out);
  }

  @Override
  public void close() {
    arena.close();
  }
}
