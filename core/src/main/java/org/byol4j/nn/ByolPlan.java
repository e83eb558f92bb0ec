package org.byol4j.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.byol4j.collective.Collective;
import org.byol4j.device.Device;
import org.byol4j.device.Figures;
import org.byol4j.device.Measure;
import org.byol4j.device.RegressionLoss;
import org.byol4j.device.Report;
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

  /** How many comparisons are taken down before somebody waits for them: both of a micro-batch. */
  private static final int TURNS = 2;

  private static final String FEWER_IMAGES =
      ": a smaller train.batch-size, more train.micro-batches, or more cluster.replicas on other"
          + " machines";

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

  /** Of each turn: the statistics of both networks, and the loss. */
  private final Report[] reports = new Report[TURNS];

  private final Measure projectionSums;
  private final double[] lastSums;
  private final double[] taken;
  private int turns;
  private double losses;

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

    Passes passes = lay(plan, architecture, online, target, input);
    this.onlineForward = passes.onlineForward;
    this.onlineInput = passes.onlineInput;
    this.prediction = passes.prediction;
    this.targetForward = passes.targetForward;
    this.targetInput = passes.targetInput;
    this.projection = passes.projection;
    this.onlineBackward = passes.onlineBackward;

    this.arena = plan.finish(input.batch(), FEWER_IMAGES);
    this.loss =
        device.regressionLoss(
            prediction.tensor(), projection.tensor(), gradientFactor, passes.gradient.tensor());
    List<Figures> figures = new ArrayList<>(onlineForward.statistics());
    figures.addAll(targetForward.statistics());
    figures.add(loss);
    this.projectionSums = device.projectionSums(prediction.tensor(), projection.tensor());
    this.lastSums = new double[projectionSums.length()];
    figures.add(projectionSums);
    Arrays.setAll(reports, turn -> device.report(figures));
    this.taken = new double[reports[0].length()];
  }

  /** The passes as they are laid out, in their order. */
  record Passes(
      Planner.Section onlineForward,
      Slot onlineInput,
      Slot prediction,
      Planner.Section targetForward,
      Slot targetInput,
      Slot projection,
      Planner.Section onlineBackward,
      Slot gradient) {}

  /** Lays the passes of a step out; parameters as the constructor's. */
  static Passes lay(
      Planner plan,
      Architecture architecture,
      NetworkState online,
      NetworkState target,
      Shape input) {
    Planner.Section onlineForward = plan.begin(online, Planner.Mode.LEARN);
    Slot onlineInput = plan.take(input);
    Layer.Traced onlinePass = architecture.online().forward(plan, onlineInput);
    Slot prediction = onlinePass.output();

    Planner.Section targetForward = plan.begin(target, Planner.Mode.PROJECT);
    Slot targetInput = plan.take(input);
    Layer.Traced targetPass = architecture.encoder().forward(plan, targetInput);
    Slot projection = targetPass.output();

    Planner.Section onlineBackward = plan.begin(online, Planner.Mode.LEARN);
    Slot gradient = plan.take(prediction.shape());
    onlinePass.backward().plan(Gradient.of(gradient));
    return new Passes(
        onlineForward,
        onlineInput,
        prediction,
        targetForward,
        targetInput,
        projection,
        onlineBackward,
        gradient);
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

  /** Compares the last prediction with the last projection; see {@link #takeLosses}. */
  public void compare() {
    if (turns == TURNS) {
      settle();
    }
    loss.run();
    projectionSums.run();
    reports[turns].run();
    turns++;
  }

  /**
   * Returns the sum of {@code 2 - 2 cos} over this replica's rows in all comparisons since the last
   * call. Waits for the device, and sees to it that the running averages are those of the last
   * passes.
   */
  public double takeLosses() {
    settle();
    double sum = losses;
    losses = 0;
    return sum;
  }

  /** In the order of the passes: averages depend on it, and so do the bits of the sum. */
  private void settle() {
    for (int turn = 0; turn < turns; turn++) {
      reports[turn].read(taken);
      int ofTarget = onlineForward.moveAverages(taken, 0);
      int ofLoss = targetForward.moveAverages(taken, ofTarget);
      losses += taken[ofLoss];
      System.arraycopy(taken, ofLoss + loss.length(), lastSums, 0, lastSums.length);
    }
    turns = 0;
  }

  /** The {@link org.byol4j.device.ProjectionSums} of the last comparison of {@link #takeLosses}. */
  public double[] projectionSums() {
    return lastSums;
  }

  /** Adds the gradients of the last comparison to the online network's. */
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
