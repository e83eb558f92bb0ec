package org.byol4j.nn;

import org.byol4j.collective.Collective;
import org.byol4j.device.Device;
import org.byol4j.device.RegressionLoss;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;

/**
 * The passes of one BYOL step, planned for a number of images: the online network forward, the
 * target network forward, the loss, the online network backward, in this order and in one arena.
 *
 * <p>Only one view's activations are alive at a time: the loss is a sum over views and batch
 * statistics are per view, so a step runs all four passes for one view and then for the other. Runs
 * allocate nothing.
 */
public final class ByolPlan implements AutoCloseable {
  private final Device device;
  private final Tensor arena;
  private final Slot onlineInput;
  private final Slot targetInput;
  private final Slot prediction;
  private final Slot projection;
  private final Planner.Section onlineForward;
  private final Planner.Section targetForward;
  private final Planner.Section onlineBackward;
  private final RegressionLoss loss;

  /**
   * Plans a step.
   *
   * @param input the shape of one view of this replica's images, {@code [batch, size, size, 3]}
   * @param gradientFactor what a row's loss is multiplied by before it is differentiated: the
   *     loss's scale over the batch size of the whole step
   */
  public ByolPlan(
      Device device,
      Collective collective,
      Architecture architecture,
      NetworkState online,
      NetworkState target,
      Shape input,
      double gradientFactor) {
    this.device = device;
    Planner plan = new Planner(device, collective);

    this.onlineForward = plan.begin(online, Planner.Mode.LEARN);
    this.onlineInput = plan.take(input);
    Layer.Traced onlinePass = architecture.online().forward(plan, onlineInput);
    this.prediction = onlinePass.output();

    this.targetForward = plan.begin(target, Planner.Mode.PROJECT);
    this.targetInput = plan.take(input);
    Layer.Traced targetPass = architecture.encoder().forward(plan, targetInput);
    this.projection = targetPass.output();

    this.onlineBackward = plan.begin(online, Planner.Mode.LEARN);
    Slot gradient = plan.take(prediction.shape());
    onlinePass.backward().plan(Gradient.of(gradient));

    this.arena = plan.finish();
    this.loss =
        device.regressionLoss(
            prediction.tensor(), projection.tensor(), gradientFactor, gradient.tensor());
  }

  /**
   * Runs the online network on a view, {@code [batch, size, size, 3]}; it predicts the target's
   * projection.
   */
  public Tensor online(View view) {
    view.writeTo(device, onlineInput.tensor());
    onlineForward.run();
    return prediction.tensor();
  }

  /** Runs the target network on a view; returns its projections {@code [batch, output]}. */
  public Tensor target(View view) {
    view.writeTo(device, targetInput.tensor());
    targetForward.run();
    return projection.tensor();
  }

  /**
   * Compares the last prediction with the last projection; returns the sum of {@code 2 - 2 cos}
   * over this replica's rows.
   */
  public double loss() {
    return loss.run();
  }

  /** Adds the gradients of the last loss to the online network's. */
  public void backward() {
    onlineBackward.run();
  }

  /** The predictions of the last online pass, {@code [batch, output]}. */
  public Tensor predictions() {
    return prediction.tensor();
  }

  /** The projections of the last target pass, {@code [batch, output]}. */
  public Tensor projections() {
    return projection.tensor();
  }

  /** Frees the arena. */
  @Override
  public void close() {
    arena.close();
  }
}
