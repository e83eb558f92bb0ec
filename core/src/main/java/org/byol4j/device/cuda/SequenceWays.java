package org.byol4j.device.cuda;

import java.util.List;
import java.util.Optional;

/**
 * The one way to compute masked gradients without a fusion: by the convolution and then by our
 * kernel that adds and masks.
 */
final class SequenceWays implements ConvolutionWays.Library<Gpu.MaskedPlan> {

  /** The name of that way. */
  static final String NAME = "sequence";

  private final Gpu gpu;

  /**
   * @param gpu stays the caller's
   */
  SequenceWays(Gpu gpu) {
    this.gpu = gpu;
  }

  @Override
  public List<ConvolutionWays.Way<Gpu.MaskedPlan>> ways(ConvolutionProblem problem, int most) {
    return List.of(new Sequence(gpu, problem));
  }

  @Override
  public Optional<ConvolutionWays.Way<Gpu.MaskedPlan>> way(
      ConvolutionProblem problem, String name) {
    return name.equals(NAME) ? Optional.of(new Sequence(gpu, problem)) : Optional.empty();
  }

  @Override
  public void close() {
    // it has nothing of its own
  }

  /** The convolution and the kernel. */
  private static final class Sequence implements ConvolutionWays.Way<Gpu.MaskedPlan> {

    /** The arguments of {@code add_relu_backward}: two addends, a mask, the result, how many. */
    private static final int ARGUMENTS = 5;

    private final Gpu gpu;
    private final ConvolutionProblem gradient;
    private final Gpu.Kernel addAndMask;
    private final Arguments arguments = new Arguments();
    private final long count;

    private Sequence(Gpu gpu, ConvolutionProblem problem) {
      this.gpu = gpu;
      gradient = problem.in(ConvolutionProblem.Direction.DATA);
      addAndMask = gpu.kernel("elementwise", problem.arithmetic().element(), "add_relu_backward");
      count = problem.images();
      for (int i = 0; i < ARGUMENTS; i++) {
        arguments.addLong(0);
      }
      arguments.setLong(ARGUMENTS - 1, count);
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Gpu.MaskedPlan plan(TrialGround ground) {
      Gpu.ConvolutionPlan plan = gpu.plan(gradient, ground);
      return new Gpu.MaskedPlan(
          plan.workspaceBytes(),
          (x, w, y, addend, mask, workspace) -> {
            plan.run(x, w, y, workspace);
            addAndMask(x, addend, mask);
          });
    }

    private void addAndMask(long x, long addend, long mask) {
      arguments.setLong(0, x);
      arguments.setLong(1, addend);
      arguments.setLong(2, mask);
      arguments.setLong(3, x);
      addAndMask.launch(Launch.blocks(count), 1, Launch.BLOCK, 1, arguments);
    }

    @Override
    public void close() {
      arguments.close();
    }
  }
}
