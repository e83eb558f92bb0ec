package org.byol4j.device;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.byol4j.augment.AugmentSettings;

/**
 * Something that computes: it owns memory and makes the operations that work on it.
 *
 * <p>Operations are made once, when a plan for a network and a batch shape is built, and then run
 * any number of times: what they need is allocated when they are made. A device is confined to one
 * thread; several devices of one process do not share state. The same calls in the same order give
 * the same bits on the same machine, library and number of threads.
 *
 * <p>Weights of a convolution are {@code [output, input, height, width]} and those of a matrix
 * product {@code [output, input]}, in row-major order as in torchvision; they are given as views of
 * a flat buffer, and only their number of elements counts.
 */
public interface Device extends AutoCloseable {

  /** The name that selects this device in the configuration. */
  String name();

  /**
   * What the bits of a result depend on besides the program: versions, instruction set, threads.
   */
  Map<String, String> fingerprint();

  /** The ways that were chosen by measuring, for all operations that were made so far. */
  default Choices choices() {
    return Choices.NONE;
  }

  /**
   * Has operations that are made from now on computed by the ways that were chosen earlier, where
   * they can be; means nothing if that was for another {@linkplain Choices#machine machine}.
   */
  default void prefer(Choices earlier) {}

  /**
   * How many threads of this machine compute for it. What computes on the same machine between its
   * operations takes as many.
   */
  int threads();

  /**
   * Returns zeroed memory.
   *
   * @throws DeviceMemoryError if the device has no more, naming the sizes
   */
  Tensor allocate(Shape shape);

  /**
   * The same for activations and their gradients, whose elements may be of lower precision than
   * those of weights. Weights, gradients of weights and biases are never in it.
   */
  default Tensor allocateActivations(Shape shape) {
    return allocate(shape);
  }

  /** How many bytes an element takes in exchange with {@link #host}: 4, or 8 on the reference. */
  default int elementBytes() {
    return Float.BYTES;
  }

  /** The elements of {@code tensor} for collectives and files. */
  HostWindow host(Tensor tensor);

  /** Copies {@code to.shape().elements()} values in; the buffer's position moves behind them. */
  void write(FloatBuffer from, Tensor to);

  /** Copies {@code from.shape().elements()} values out; the buffer's position moves behind them. */
  void read(Tensor from, FloatBuffer to);

  /** Whether it has {@link #viewKernels}. */
  default boolean makesViews() {
    return false;
  }

  /**
   * Something that makes the random views of images on this device, as {@link
   * org.byol4j.augment.ViewMaker} does on the CPU.
   *
   * @param settings the recipe
   * @param rows how many images there are at a time
   * @throws UnsupportedOperationException if it does not {@link #makesViews}
   */
  default ViewKernels viewKernels(AugmentSettings settings, int rows) {
    throw new UnsupportedOperationException("device=%s makes no views".formatted(name()));
  }

  /**
   * A 2-d convolution of {@code input}; weights {@code [output.channels, input.channels, k, k]}.
   */
  LinearMap convolution(Shape input, Shape output, Window window, Tensor weights);

  /** A matrix product {@code y = x * weights^T} of {@code rows} rows; weights {@code [out, in]}. */
  LinearMap matrixProduct(int rows, int in, int out, Tensor weights);

  /** Adds {@code bias}, one value a channel, to each row of {@code y}. */
  Op addBias(Tensor bias, Tensor y);

  /** Adds the sum of the rows of {@code dy} to {@code gradient}, one value a channel. */
  Op biasGradient(Tensor dy, Tensor gradient);

  /** A batch normalization of the form {@code PLAIN} or {@code RELU}. */
  BatchNorm batchNorm(
      BatchNorm.Form form, Tensor x, Tensor scale, Tensor shift, double epsilon, Tensor y);

  /** A batch normalization of the form {@code ADD_RELU}; {@code y} must not be {@code residual}. */
  BatchNorm batchNormAddRelu(
      Tensor x, Tensor scale, Tensor shift, double epsilon, Tensor residual, Tensor y);

  /** {@code dz = dy where y > 0, else 0}; {@code dz} may be {@code dy}. */
  Op reluBackward(Tensor dy, Tensor y, Tensor dz);

  /** {@code dz = a + b where y > 0, else 0}; {@code dz} may be {@code a}. */
  default Op addReluBackward(Tensor a, Tensor b, Tensor y, Tensor dz) {
    Op add = add(a, b, dz);
    Op mask = reluBackward(dz, y, dz);
    return () -> {
      add.run();
      mask.run();
    };
  }

  /**
   * The same for an {@code a} that is the gradient which {@code map} makes of {@code dy} ({@link
   * LinearMap#backwardData}) and that nobody else wants; {@code dz} is no other of the tensors.
   *
   * @param map of this device
   */
  default Op addReluBackward(LinearMap map, Tensor dy, Tensor b, Tensor y, Tensor dz) {
    Op product = map.backwardData(dy, dz);
    Op mask = addReluBackward(dz, b, y, dz);
    return () -> {
      product.run();
      mask.run();
    };
  }

  /** {@code sum = a + b}; {@code sum} may be {@code a}. */
  Op add(Tensor a, Tensor b, Tensor sum);

  /** The maximum of each window; padding never wins. The gradient goes to the first maximum. */
  Pooling maxPool(Window window, Tensor x, Tensor y);

  /** The mean over height and width. */
  Pooling averagePool(Tensor x, Tensor y);

  /**
   * BYOL's loss of one view: {@code prediction} and {@code projection} are {@code [rows,
   * channels]}; {@code gradient} becomes the gradient of {@code factor} times the sum over rows
   * with respect to {@code prediction}. Rows are normalized as {@code x * rsqrt(max(sum x^2,
   * 1e-12))}.
   */
  RegressionLoss regressionLoss(
      Tensor prediction, Tensor projection, double factor, Tensor gradient);

  /**
   * What {@link ProjectionSums} says of {@code predictions} and {@code projections}, both {@code
   * [rows, channels]}.
   */
  default Measure projectionSums(Tensor predictions, Tensor projections) {
    return new HostProjectionSums(this, predictions, projections);
  }

  /** Sets every element to {@code value}. */
  void fill(double value, Tensor tensor);

  /** {@code to = from}. */
  void copy(Tensor from, Tensor to);

  /** {@code y = alpha * x + beta * y}; a {@code beta} of 0 overwrites whatever {@code y} holds. */
  void axpby(double alpha, Tensor x, double beta, Tensor y);

  /** Returns the sum of {@code a * b}, in double. */
  double dot(Tensor a, Tensor b);

  /**
   * One momentum step over a range of weights, their gradients and their momentum: {@code m =
   * momentumDecay * m + trust * (g + weightDecay * p); p = p - learningRate * m}.
   *
   * @param trust the layer-wise ratio of LARS, 1 where it does not apply
   */
  void update(
      double momentumDecay,
      double trust,
      double weightDecay,
      double learningRate,
      Tensor gradients,
      Tensor momentum,
      Tensor weights);

  /** The same as {@link #axpby} of the same tensors again and again. */
  default Blend blend(Tensor x, Tensor y) {
    return (alpha, beta) -> axpby(alpha, x, beta, y);
  }

  /** The sums of products of each pair, in double. */
  default Measure dots(List<Factors> factors) {
    return new OneByOneDots(this, factors);
  }

  /** The same as {@link #update} for several ranges. */
  default MomentumStep updates(List<MomentumStep.Range> ranges) {
    MomentumStep.Range[] all = ranges.toArray(MomentumStep.Range[]::new);
    return (momentumDecay, trust, weightDecay, learningRate) -> {
      for (int i = 0; i < all.length; i++) {
        MomentumStep.Range range = all[i];
        update(
            momentumDecay,
            trust[i],
            weightDecay[i],
            learningRate,
            range.gradients(),
            range.momentum(),
            range.weights());
      }
    };
  }

  /** A report of these figures, all of operations of this device. */
  default Report report(List<Figures> figures) {
    return new HostReport(figures);
  }

  /** Frees everything that was made by this device. */
  @Override
  void close();
}
