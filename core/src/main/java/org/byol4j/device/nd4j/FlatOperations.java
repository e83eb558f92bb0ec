package org.byol4j.device.nd4j;

import org.nd4j.linalg.api.blas.Level1;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Operations on ranges of flat buffers, on ND4J's BLAS. */
final class FlatOperations {

  /** Elements that are widened at a time. */
  private static final long RANGE = 1 << 20;

  private final Engine engine;

  FlatOperations(Engine engine) {
    this.engine = engine;
  }

  void fill(double value, Nd4jTensor tensor) {
    engine.enter();
    tensor.flat().array().assign((float) value);
  }

  void copy(Nd4jTensor from, Nd4jTensor to) {
    requireSameLength(from, to);
    engine.enter();
    to.flat().array().assign(from.flat().array());
  }

  /** {@code y = alpha * x + beta * y}; a {@code beta} of 0 overwrites whatever y holds. */
  void axpby(double alpha, Nd4jTensor x, double beta, Nd4jTensor y) {
    requireSameLength(x, y);
    engine.enter();
    if (x.isSame(y)) {
      y.flat().array().muli((float) alpha + (float) beta);
      return;
    }
    if (beta == 0) {
      y.flat().array().assign(x.flat().array()).muli((float) alpha);
      return;
    }
    y.flat().array().muli((float) beta);
    addTo(y, alpha, x);
  }

  /** The sum of {@code a * b}, both widened to double. */
  double dot(Nd4jTensor a, Nd4jTensor b) {
    requireSameLength(a, b);
    engine.enter();
    double sum = 0;
    for (long from = 0; from < a.elements(); from += RANGE) {
      long count = Math.min(RANGE, a.elements() - from);
      INDArray left = widened(engine.wide(), a, from, count);
      INDArray right = a.isSame(b) ? left : widened(engine.squares(), b, from, count);
      sum += blas().dot(count, 1, left, right);
    }
    return sum;
  }

  private static INDArray widened(Area area, Nd4jTensor tensor, long from, long count) {
    INDArray narrow = Operand.dense(tensor.memory(), tensor.offset() + from, count).array();
    return area.operand(count).array().assign(narrow);
  }

  /**
   * {@code m = momentumDecay * m + trust * (g + weightDecay * p); p = p - learningRate * m}, a term
   * at a time.
   */
  void update(
      double momentumDecay,
      double trust,
      double weightDecay,
      double learningRate,
      Nd4jTensor gradients,
      Nd4jTensor momentum,
      Nd4jTensor weights) {
    requireSameLength(gradients, weights);
    requireSameLength(momentum, weights);
    engine.enter();
    momentum.flat().array().muli((float) momentumDecay);
    addTo(momentum, trust, gradients);
    if (weightDecay != 0) {
      addTo(momentum, trust * weightDecay, weights);
    }
    addTo(weights, -learningRate, momentum);
  }

  private static void addTo(Nd4jTensor y, double alpha, Nd4jTensor x) {
    blas().axpy(y.elements(), alpha, x.flat().array(), y.flat().array());
  }

  private static Level1 blas() {
    return Nd4j.getBlasWrapper().level1();
  }

  private static void requireSameLength(Nd4jTensor a, Nd4jTensor b) {
    if (a.elements() != b.elements()) {
      throw new IllegalArgumentException(
          "tensors of different lengths: %s has elements=%d, %s has elements=%d"
              .formatted(a.shape(), a.elements(), b.shape(), b.elements()));
    }
  }
}
