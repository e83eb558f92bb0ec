package org.byol4j.device.nd4j;

import org.byol4j.device.LinearMap;
import org.byol4j.device.Op;
import org.byol4j.device.Tensor;

/** A matrix product, on {@code matmul}; also a convolution of single pixels. */
final class MatrixProduct implements LinearMap {

  private static final long PLAIN = 0;
  private static final long TRANSPOSED = 1;

  private final Engine engine;
  private final long rows;
  private final long in;
  private final long out;
  private final Nd4jTensor weights;

  MatrixProduct(Engine engine, long rows, long in, long out, Tensor weights) {
    this.engine = engine;
    this.rows = rows;
    this.in = in;
    this.out = out;
    this.weights = Nd4jTensor.of(weights, engine, in * out, "weights of a matrix product");
  }

  @Override
  public Op forward(Tensor x, Tensor y) {
    return new Call(engine, "matmul")
        .in(input(x), weights.as(out, in))
        .out(output(y))
        .integers(PLAIN, TRANSPOSED, PLAIN);
  }

  @Override
  public Op backwardData(Tensor dy, Tensor dx) {
    return new Call(engine, "matmul")
        .in(output(dy), weights.as(out, in))
        .out(input(dx))
        .integers(PLAIN, PLAIN, PLAIN);
  }

  @Override
  public Op backwardWeights(Tensor x, Tensor dy, Tensor gradient) {
    Nd4jTensor sum = Nd4jTensor.of(gradient, engine, in * out, "weight gradient");
    return new Call(engine, "matmul")
        .in(output(dy), input(x))
        .out(sum.as(out, in))
        .integers(TRANSPOSED, PLAIN, PLAIN)
        // product + 1 * what was there
        .reals(1, 1);
  }

  private Operand input(Tensor tensor) {
    return Nd4jTensor.of(tensor, engine, rows * in, "input of a matrix product").as(rows, in);
  }

  private Operand output(Tensor tensor) {
    return Nd4jTensor.of(tensor, engine, rows * out, "output of a matrix product").as(rows, out);
  }
}
