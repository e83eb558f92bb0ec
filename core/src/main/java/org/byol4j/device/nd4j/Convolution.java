package org.byol4j.device.nd4j;

import org.byol4j.device.LinearMap;
import org.byol4j.device.Op;
import org.byol4j.device.Padding;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.Window;

/**
 * A convolution, on {@code conv2d} and {@code conv2d_bp}. The latter makes both gradients at once,
 * and ND4J has no operation for one of them: that with respect to the input is kept for the {@code
 * backwardData} that follows at once, as it does in a training step, and made again otherwise.
 */
final class Convolution implements LinearMap {

  /** Weights are {@code [output, input, height, width]}. */
  private static final long TORCH_WEIGHTS = 1;

  private static final long CHANNELS_LAST = 1;
  private static final long EXPLICIT_PADDING = 0;
  private static final long DENSE = 1;

  private final Engine engine;
  private final Shape input;
  private final Shape output;
  private final Window window;
  private final Nd4jTensor weights;

  /** Whether ND4J can pad as the window says. */
  private final boolean isEven;

  private final Frame frame;

  /** Whose gradient lies in {@link Engine#dataGradient}. */
  private record Kept(Convolution map, Nd4jTensor dy) {}

  Convolution(Engine engine, Shape input, Shape output, Window window, Tensor weights) {
    Shape expected = window.output(input, output.channels());
    if (!output.equals(expected)) {
      throw new IllegalArgumentException(
          "convolution of input=%s with %s gives output=%s, expected %s"
              .formatted(input, window, expected, output));
    }
    this.engine = engine;
    this.input = input;
    this.output = output;
    this.window = window;
    long count = (long) output.channels() * input.channels() * window.kernel() * window.kernel();
    this.weights = Nd4jTensor.of(weights, engine, count, "weights of a convolution");
    isEven = isEven(window.vertical()) && isEven(window.horizontal());
    frame = new Frame(engine, input, output, window);
  }

  private static boolean isEven(Padding padding) {
    return padding.before() == padding.after();
  }

  @Override
  public Op forward(Tensor x, Tensor y) {
    Nd4jTensor from = input(x);
    Nd4jTensor to = output(y);
    Op framing = framing(from);
    Op product =
        new Call(engine, "conv2d")
            .in(seen(from), filters(weights))
            .out(to.image())
            .integers(arguments());
    return () -> {
      framing.run();
      product.run();
    };
  }

  @Override
  public Op backwardWeights(Tensor x, Tensor dy, Tensor gradient) {
    Nd4jTensor from = input(x);
    Nd4jTensor upstream = output(dy);
    Nd4jTensor sum = Nd4jTensor.of(gradient, engine, weights.elements(), "weight gradient");
    Op framing = framing(from);
    Op gradients = gradients(seen(from), upstream);
    Op add =
        new Call(engine, "add")
            .in(sum.flat(), engine.weightGradient().operand(sum.elements()))
            .out(sum.flat());
    Kept kept = new Kept(this, upstream);
    return () -> {
      framing.run();
      gradients.run();
      add.run();
      engine.keepGradient(kept);
    };
  }

  @Override
  public Op backwardData(Tensor dy, Tensor dx) {
    Nd4jTensor upstream = output(dy);
    Nd4jTensor to = input(dx);
    // the gradient does not depend on the input: any values serve
    Operand anything = isEven ? engine.framed().operand(imageExtent()) : seen(to);
    Op gradients = gradients(anything, upstream);
    Op take =
        isEven
            ? new Copy(engine, engine.dataGradient().operand(to.elements()), to.flat())
            : frame.crop(engine.dataGradient(), to);
    return () -> {
      if (!(engine.keptGradient() instanceof Kept kept
          && kept.map == this
          && kept.dy.isSame(upstream))) {
        gradients.run();
      }
      take.run();
    };
  }

  private Op gradients(Operand x, Nd4jTensor dy) {
    Operand dx =
        isEven
            ? engine.dataGradient().operand(imageExtent())
            : frame.at(engine.dataGradient().atLeast(frame.elements()));
    return new Call(engine, "conv2d_bp")
        .in(x, filters(weights), dy.image())
        .out(dx, filters(engine.weightGradient().atLeast(weights.elements())))
        .integers(arguments());
  }

  /** Makes what {@link #seen} is. */
  private Op framing(Nd4jTensor x) {
    if (isEven) {
      return () -> {};
    }
    Area area = engine.framed().atLeast(frame.elements());
    Op fill = frame.fill(x, area);
    return () -> {
      area.memory().fill(0);
      fill.run();
    };
  }

  /** The input as ND4J's operation gets it. */
  private Operand seen(Nd4jTensor x) {
    return isEven ? x.image() : frame.at(engine.framed().atLeast(frame.elements()));
  }

  private Operand filters(Nd4jTensor tensor) {
    return filters(tensor.memory(), tensor.offset());
  }

  private Operand filters(Place place) {
    return filters(place, 0);
  }

  private Operand filters(Place place, long offset) {
    return Operand.dense(
        place, offset, output.channels(), input.channels(), window.kernel(), window.kernel());
  }

  private long[] imageExtent() {
    return new long[] {input.batch(), input.height(), input.width(), input.channels()};
  }

  private long[] arguments() {
    return new long[] {
      window.kernel(),
      window.kernel(),
      window.stride(),
      window.stride(),
      isEven ? window.vertical().before() : 0,
      isEven ? window.horizontal().before() : 0,
      DENSE,
      DENSE,
      EXPLICIT_PADDING,
      CHANNELS_LAST,
      TORCH_WEIGHTS
    };
  }

  private Nd4jTensor input(Tensor tensor) {
    return Nd4jTensor.of(tensor, engine, input.elements(), "input of a convolution");
  }

  private Nd4jTensor output(Tensor tensor) {
    return Nd4jTensor.of(tensor, engine, output.elements(), "output of a convolution");
  }
}
