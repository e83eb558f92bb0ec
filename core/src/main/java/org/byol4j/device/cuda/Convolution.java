package org.byol4j.device.cuda;

import java.util.Optional;
import org.byol4j.device.LinearMap;
import org.byol4j.device.Op;
import org.byol4j.device.Padding;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.Window;

/**
 * A convolution by the GPU's libraries; a matrix product is one of single pixels.
 *
 * <p>They get numbers of channels in multiples of 8, which its fast kernels are for, windows that
 * are padded alike on both sides, and tensors at addresses that are multiples of 16. Where the
 * network has something else, such as the images of 3 channels, they work on copies in areas that
 * all convolutions share.
 */
final class Convolution implements LinearMap {

  private final Engine engine;
  private final Shape input;
  private final Shape output;
  private final Window window;
  private final CudaTensor weights;
  private final PackedWeights.Extent extent;
  private final Placement images;
  private final Placement results;

  Convolution(Engine engine, Shape input, Shape output, Window window, Tensor weights) {
    if (!window.output(input, output.channels()).equals(output)) {
      throw new IllegalArgumentException(
          "convolution of %s by %s makes %s, not output=%s"
              .formatted(input, window, window.output(input, output.channels()), output));
    }
    this.engine = engine;
    this.input = input;
    this.output = output;
    this.window = window;
    extent =
        new PackedWeights.Extent(
            output.channels(), input.channels(), window.kernel() * window.kernel());
    this.weights =
        CudaTensor.of(weights, engine, Element.FP32, extent.elements(), "weights of a convolution");
    images = placementOfImages();
    results =
        new Placement(
            engine, output, withChannels(output, PackedWeights.multiple(output.channels())), 0, 0);
  }

  private Placement placementOfImages() {
    Padding vertical = window.vertical();
    Padding horizontal = window.horizontal();
    int channels = PackedWeights.multiple(input.channels());
    if (isEven()) {
      return new Placement(engine, input, withChannels(input, channels), 0, 0);
    }
    Shape framed =
        new Shape(
            input.batch(),
            input.height() + vertical.before() + vertical.after(),
            input.width() + horizontal.before() + horizontal.after(),
            channels);
    return new Placement(engine, input, framed, vertical.before(), horizontal.before());
  }

  private boolean isEven() {
    return window.vertical().before() == window.vertical().after()
        && window.horizontal().before() == window.horizontal().after();
  }

  private static Shape withChannels(Shape shape, int channels) {
    return new Shape(shape.batch(), shape.height(), shape.width(), channels);
  }

  private ConvolutionProblem problem(ConvolutionProblem.Direction direction, Element element) {
    Shape in = images.placed();
    Shape out = results.placed();
    Padding none = Padding.both(0);
    return new ConvolutionProblem(
        direction,
        engine.arithmetic(element),
        in.batch(),
        in.height(),
        in.width(),
        in.channels(),
        out.height(),
        out.width(),
        out.channels(),
        window.kernel(),
        window.stride(),
        isEven() ? window.vertical() : none,
        isEven() ? window.horizontal() : none);
  }

  @Override
  public Op forward(Tensor x, Tensor y) {
    CudaTensor from = input(x);
    CudaTensor to = output(y, from.element());
    Operand in = Operand.read(images, from, engine.images());
    Operand out = Operand.written(results, to, engine.results());
    PackedWeights.Packed filters = engine.packedWeights().of(weights, extent, from.element());
    Gpu.ConvolutionPlan plan =
        plan(
            ConvolutionProblem.Direction.FORWARD,
            from.element(),
            new TrialGround(in.address(), filters.address(), out.address(), engine::lend));
    return () -> {
      filters.refresh();
      in.before();
      out.before();
      plan.run(in.address(), filters.address(), out.address(), engine.workspace().address());
      out.after();
    };
  }

  @Override
  public Op backwardData(Tensor dy, Tensor dx) {
    CudaTensor to = input(dx);
    CudaTensor from = output(dy, to.element());
    Operand in = Operand.read(results, from, engine.results());
    Operand out = Operand.written(images, to, engine.images());
    PackedWeights.Packed filters = engine.packedWeights().of(weights, extent, to.element());
    Gpu.ConvolutionPlan plan =
        plan(
            ConvolutionProblem.Direction.DATA,
            to.element(),
            new TrialGround(out.address(), filters.address(), in.address(), engine::lend));
    return () -> {
      filters.refresh();
      in.before();
      out.before();
      plan.run(out.address(), filters.address(), in.address(), engine.workspace().address());
      out.after();
    };
  }

  /**
   * The same, added to {@code addend}, where {@code mask} is positive: {@link
   * org.byol4j.device.Device#addReluBackward}. Empty where tensors are not used as they lie.
   */
  Optional<Op> backwardDataMasked(Tensor dy, Tensor addend, Tensor mask, Tensor dx) {
    CudaTensor to = input(dx);
    CudaTensor from = output(dy, to.element());
    CudaTensor second = like(to, addend, "addend");
    CudaTensor relu = like(to, mask, "mask");
    if (!results.isDirect(from)
        || !images.isDirect(to)
        || !images.isDirect(second)
        || !images.isDirect(relu)) {
      return Optional.empty();
    }
    PackedWeights.Packed filters = engine.packedWeights().of(weights, extent, to.element());
    Gpu.MaskedPlan plan =
        maskedPlan(
            to.element(),
            new TrialGround(to.address(), filters.address(), from.address(), engine::lend));
    return Optional.of(
        () -> {
          filters.refresh();
          to.memory().requireOpen();
          from.memory().requireOpen();
          second.memory().requireOpen();
          relu.memory().requireOpen();
          plan.run(
              to.address(),
              filters.address(),
              from.address(),
              second.address(),
              relu.address(),
              engine.workspace().address());
        });
  }

  private CudaTensor like(CudaTensor images, Tensor tensor, String role) {
    return CudaTensor.of(tensor, engine, images.element(), images.elements(), role);
  }

  @Override
  public Op backwardWeights(Tensor x, Tensor dy, Tensor gradient) {
    CudaTensor first = input(x);
    CudaTensor second = output(dy, first.element());
    CudaTensor sum =
        CudaTensor.of(gradient, engine, Element.FP32, extent.elements(), "weight gradient");
    Operand in = Operand.read(images, first, engine.images());
    Operand out = Operand.read(results, second, engine.results());
    Gpu.ConvolutionPlan plan =
        plan(
            ConvolutionProblem.Direction.WEIGHTS,
            first.element(),
            new TrialGround(in.address(), 0, out.address(), engine::lend));
    if (plan.addsFloats() && isAsTheyLie() && sum.isAligned()) {
      return () -> {
        sum.memory().requireOpen();
        in.before();
        out.before();
        plan.run(in.address(), sum.address(), out.address(), engine.workspace().address());
      };
    }
    Element made = plan.addsFloats() ? Element.FP32 : first.element();
    long bytes = extent.padded().elements() * made.bytes();
    Area filters = engine.filters().atLeast(bytes);
    Launch add = add(filters, made, sum);
    return () -> {
      in.before();
      out.before();
      if (plan.addsFloats()) {
        engine.gpu().zero(filters.address(), bytes);
      }
      plan.run(in.address(), filters.address(), out.address(), engine.workspace().address());
      add.run();
    };
  }

  /** Whether the weights of the network are what a library calls filters. */
  private boolean isAsTheyLie() {
    return extent.taps() == 1 && extent.padded().equals(extent);
  }

  /** Adds filters' gradients of such elements to those of the weights. */
  private Launch add(Area filters, Element element, CudaTensor sum) {
    return engine
        .launch("layout", element, "add_filters")
        .over(extent.elements())
        .area(filters)
        .tensor(sum)
        .integer(extent.outputs())
        .integer(extent.inputs())
        .integer(extent.taps())
        .integer(extent.padded().inputs());
  }

  private Gpu.ConvolutionPlan plan(
      ConvolutionProblem.Direction direction, Element element, TrialGround ground) {
    Gpu.ConvolutionPlan plan = engine.gpu().plan(problem(direction, element), ground);
    needWorkspace(plan.workspaceBytes());
    return plan;
  }

  private Gpu.MaskedPlan maskedPlan(Element element, TrialGround ground) {
    ConvolutionProblem problem = problem(ConvolutionProblem.Direction.MASKED_DATA, element);
    Gpu.MaskedPlan plan = engine.gpu().maskedPlan(problem, ground);
    needWorkspace(plan.workspaceBytes());
    return plan;
  }

  private void needWorkspace(long bytes) {
    if (bytes > 0) {
      engine.workspace().atLeast(bytes);
    }
  }

  private CudaTensor input(Tensor tensor) {
    return CudaTensor.of(tensor, engine, input.elements(), "input of a convolution");
  }

  private CudaTensor output(Tensor tensor, Element element) {
    return CudaTensor.of(tensor, engine, element, output.elements(), "output of a convolution");
  }
}
