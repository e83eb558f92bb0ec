package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;

import org.byol4j.device.LinearMap;
import org.byol4j.device.Op;
import org.byol4j.device.Tensor;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** A matrix product; all three directions read the weights where they lie. */
final class MatrixProduct implements LinearMap {

  private static final dnnl_memory_desc NO_BIAS = null;

  private final Engine engine;
  private final Layout layout;
  private final int rows;
  private final int in;
  private final int out;
  private final NativeTensor weights;

  MatrixProduct(Engine engine, int rows, int in, int out, Tensor weights) {
    this.engine = engine;
    this.layout = new Layout(engine);
    this.rows = rows;
    this.in = in;
    this.out = out;
    this.weights = NativeTensor.of(weights, engine, (long) in * out, "weights of a matrix product");
  }

  @Override
  public Op forward(Tensor x, Tensor y) {
    return product(
        "matrix product",
        new Factor(input(x), layout.matrix(rows, in)),
        new Factor(weights, layout.transposed(in, out)),
        new Factor(output(y), layout.matrix(rows, out)),
        new Attributes(engine));
  }

  @Override
  public Op backwardData(Tensor dy, Tensor dx) {
    return product(
        "data gradient of a matrix product",
        new Factor(output(dy), layout.matrix(rows, out)),
        new Factor(weights, layout.matrix(out, in)),
        new Factor(input(dx), layout.matrix(rows, in)),
        new Attributes(engine));
  }

  @Override
  public Op backwardWeights(Tensor x, Tensor dy, Tensor gradient) {
    NativeTensor sum = NativeTensor.of(gradient, engine, weights.elements(), "weight gradient");
    return product(
        "weight gradient of a matrix product",
        new Factor(output(dy), layout.transposed(out, rows)),
        new Factor(input(x), layout.matrix(rows, in)),
        new Factor(sum, layout.matrix(out, in)),
        new Attributes(engine).accumulate());
  }

  private NativeTensor input(Tensor tensor) {
    return NativeTensor.of(tensor, engine, (long) rows * in, "input of a matrix product");
  }

  private NativeTensor output(Tensor tensor) {
    return NativeTensor.of(tensor, engine, (long) rows * out, "output of a matrix product");
  }

  private record Factor(NativeTensor tensor, dnnl_memory_desc layout) {}

  private Op product(String what, Factor left, Factor right, Factor result, Attributes attributes) {
    dnnl_primitive_desc plan = new dnnl_primitive_desc();
    int status =
        dnnl_matmul_primitive_desc_create(
            plan,
            engine.handle(),
            left.layout,
            right.layout,
            NO_BIAS,
            result.layout,
            attributes.handle());
    String named = "%s rows=%d in=%d out=%d".formatted(what, rows, in, out);
    return Operation.of(engine, named, Operation.planned(engine, status, named, plan))
        .input(DNNL_ARG_SRC, left.tensor, left.layout)
        .input(DNNL_ARG_WEIGHTS, right.tensor, right.layout)
        .output(DNNL_ARG_DST, result.tensor, result.layout)
        .bind();
  }
}
