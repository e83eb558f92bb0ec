package org.byol4j.device.cuda;

import java.util.HashMap;
import java.util.Map;

/** Operations on ranges that differ from call to call; their arguments are written in place. */
final class FlatOperations {

  private static final int BLOCK = Launch.BLOCK;

  /** Blocks of a sum: a part each; fixed, since the bits depend on it. */
  private static final int PARTS = 512;

  private static final int MOST_BLOCKS = 2048;

  private final Engine engine;
  private final Map<String, Call> calls = new HashMap<>();
  private final double[] result = new double[1];

  /** A kernel, whose arguments are given anew for each run. */
  private static final class Call {
    private final Gpu.Kernel kernel;
    private final Arguments arguments;

    private Call(Gpu.Kernel kernel, Arguments arguments, String types) {
      this.kernel = kernel;
      this.arguments = arguments;
      for (int i = 0; i < types.length(); i++) {
        switch (types.charAt(i)) {
          case 'f' -> arguments.addFloat(0);
          case 'i' -> arguments.addInt(0);
          default -> arguments.addLong(0);
        }
      }
    }

    private Call real(int index, double value) {
      arguments.setFloat(index, (float) value);
      return this;
    }

    private Call whole(int index, long value) {
      arguments.setLong(index, value);
      return this;
    }

    private Call integer(int index, int value) {
      arguments.setInt(index, value);
      return this;
    }

    private void over(long n) {
      run((int) Math.max(1, Math.min(MOST_BLOCKS, (n + BLOCK - 1) / BLOCK)));
    }

    private void run(int blocks) {
      kernel.launch(blocks, 1, BLOCK, 1, arguments);
    }
  }

  FlatOperations(Engine engine) {
    this.engine = engine;
    engine.partials().atLeast((PARTS + 1L) * Double.BYTES);
  }

  /**
   * @param types of its arguments: f float, i int, p anything of 8 bytes
   */
  private Call call(String file, Element element, String function, String types) {
    String key = function + element.name();
    Call known = calls.get(key);
    if (known == null) {
      known = new Call(engine.gpu().kernel(file, element, function), engine.arguments(), types);
      calls.put(key, known);
    }
    return known;
  }

  void fill(double value, CudaTensor tensor) {
    requireOpen(tensor);
    call("elementwise", tensor.element(), "fill", "fpp")
        .real(0, value)
        .whole(1, tensor.address())
        .whole(2, tensor.elements())
        .over(tensor.elements());
    tensor.memory().changed();
  }

  void copy(CudaTensor from, CudaTensor to) {
    requireSameLength(from, to);
    requireOpen(from);
    requireOpen(to);
    if (from.element() == to.element()) {
      engine.gpu().copy(from.address(), to.address(), from.bytes());
    } else {
      convert(from.element(), from.address(), to.element(), to.address(), from.elements());
    }
    to.memory().changed();
  }

  /** Starts to make elements of one kind of those of the other. */
  void convert(Element from, long fromAddress, Element to, long toAddress, long elements) {
    String function = from == Element.FP32 ? "from_float" : "to_float";
    Element other = from == Element.FP32 ? to : from;
    call("elementwise", other, function, "ppp")
        .whole(0, fromAddress)
        .whole(1, toAddress)
        .whole(2, elements)
        .over(elements);
  }

  /** {@code y = alpha * x + beta * y}; a {@code beta} of 0 overwrites whatever y holds. */
  void axpby(double alpha, CudaTensor x, double beta, CudaTensor y) {
    requireAlike(x, y);
    if (beta == 0) {
      call("elementwise", x.element(), "scale", "fppp")
          .real(0, alpha)
          .whole(1, x.address())
          .whole(2, y.address())
          .whole(3, x.elements())
          .over(x.elements());
    } else {
      call("elementwise", x.element(), "axpby", "fpfpp")
          .real(0, alpha)
          .whole(1, x.address())
          .real(2, beta)
          .whole(3, y.address())
          .whole(4, x.elements())
          .over(x.elements());
    }
    y.memory().changed();
  }

  /** The sum of {@code a * b}, in double. */
  double dot(CudaTensor a, CudaTensor b) {
    requireAlike(a, b);
    long partials = engine.partials().address();
    long sum = partials + (long) PARTS * Double.BYTES;
    int parts = (int) Math.min(PARTS, (a.elements() + BLOCK - 1) / BLOCK);
    call("flat", a.element(), "dot", "pppp")
        .whole(0, a.address())
        .whole(1, b.address())
        .whole(2, partials)
        .whole(3, a.elements())
        .run(parts);
    addUp(partials, parts, sum);
    engine.staging().download(sum, result);
    return result[0];
  }

  /** Starts to add up doubles at {@code partials}; the sum goes to {@code sum}. */
  void addUp(long partials, int count, long sum) {
    call("flat", Element.FP32, "sum_partials", "pip")
        .whole(0, partials)
        .integer(1, count)
        .whole(2, sum)
        .run(1);
  }

  /**
   * {@code m = momentumDecay * m + trust * (g + weightDecay * p); p = p - learningRate * m}, all of
   * float32.
   */
  void update(
      double momentumDecay,
      double trust,
      double weightDecay,
      double learningRate,
      CudaTensor gradients,
      CudaTensor momentum,
      CudaTensor weights) {
    requireAlike(gradients, weights);
    requireAlike(momentum, weights);
    call("flat", Element.FP32, "update", "ffffpppp")
        .real(0, momentumDecay)
        .real(1, trust)
        .real(2, weightDecay)
        .real(3, learningRate)
        .whole(4, gradients.address())
        .whole(5, momentum.address())
        .whole(6, weights.address())
        .whole(7, weights.elements())
        .over(weights.elements());
    momentum.memory().changed();
    weights.memory().changed();
  }

  private static void requireAlike(CudaTensor a, CudaTensor b) {
    requireSameLength(a, b);
    if (a.element() != b.element()) {
      throw new IllegalArgumentException(
          "tensors of different elements: %s is of %s, %s is of %s"
              .formatted(a.shape(), a.element(), b.shape(), b.element()));
    }
    requireOpen(a);
    requireOpen(b);
  }

  private static void requireSameLength(CudaTensor a, CudaTensor b) {
    if (a.elements() != b.elements()) {
      throw new IllegalArgumentException(
          "tensors of different lengths: %s has elements=%d, %s has elements=%d"
              .formatted(a.shape(), a.elements(), b.shape(), b.elements()));
    }
  }

  private static void requireOpen(CudaTensor tensor) {
    tensor.memory().requireOpen();
  }
}
