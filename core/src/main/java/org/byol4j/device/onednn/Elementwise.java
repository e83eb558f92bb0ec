package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_0;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_relu_use_dst_for_bwd;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** Operations whose elements, or rows, are independent of one another. */
final class Elementwise {

  private final Engine engine;
  private final Layout layout;

  Elementwise(Engine engine) {
    this.engine = engine;
    this.layout = new Layout(engine);
  }

  /** {@code sum = a + b}. */
  Operation add(NativeTensor a, NativeTensor b, NativeTensor sum) {
    dnnl_memory_desc flat = layout.vector(a.elements());
    return sum("sum", new Attributes(engine), a, flat, b, flat, sum);
  }

  /** {@code y = y + bias}, one value a channel. */
  Operation addBias(NativeTensor bias, NativeTensor y) {
    int channels = y.shape().channels();
    return sum(
        "bias",
        new Attributes(engine),
        y,
        layout.matrix(y.shape().rows(), channels),
        bias,
        layout.matrix(1, channels),
        y);
  }

  /** {@code sum = max(0, a + b)}. */
  Operation addRelu(NativeTensor a, NativeTensor b, NativeTensor sum) {
    dnnl_memory_desc flat = layout.vector(a.elements());
    return sum("sum and relu", new Attributes(engine).relu(), a, flat, b, flat, sum);
  }

  private Operation sum(
      String what,
      Attributes attributes,
      NativeTensor a,
      dnnl_memory_desc layoutA,
      NativeTensor b,
      dnnl_memory_desc layoutB,
      NativeTensor sum) {
    dnnl_primitive_desc plan = new dnnl_primitive_desc();
    int status =
        dnnl_binary_primitive_desc_create(
            plan, engine.handle(), dnnl_binary_add, layoutA, layoutB, layoutA, attributes.handle());
    return Operation.of(engine, what, Operation.planned(engine, status, what, plan))
        .input(DNNL_ARG_SRC_0, a, layoutA)
        .input(DNNL_ARG_SRC_1, b, layoutB)
        .output(DNNL_ARG_DST, sum, layoutA)
        .bind();
  }

  /** {@code dz = dy where y > 0, else 0}. */
  Operation reluBackward(NativeTensor dy, NativeTensor y, NativeTensor dz) {
    dnnl_memory_desc flat = layout.vector(y.elements());
    dnnl_primitive_desc forward = new dnnl_primitive_desc();
    int status =
        dnnl_eltwise_forward_primitive_desc_create(
            forward,
            engine.handle(),
            dnnl_forward_training,
            dnnl_eltwise_relu_use_dst_for_bwd,
            flat,
            flat,
            0f,
            0f,
            new Attributes(engine).handle());
    Operation.planned(engine, status, "relu", forward);
    dnnl_primitive_desc backward = new dnnl_primitive_desc();
    status =
        dnnl_eltwise_backward_primitive_desc_create(
            backward,
            engine.handle(),
            dnnl_eltwise_relu_use_dst_for_bwd,
            flat,
            flat,
            flat,
            0f,
            0f,
            forward,
            new Attributes(engine).handle());
    String what = "gradient of a relu";
    return Operation.of(engine, what, Operation.planned(engine, status, what, backward))
        .input(DNNL_ARG_DST, y, flat)
        .input(DNNL_ARG_DIFF_DST, dy, flat)
        .output(DNNL_ARG_DIFF_SRC, dz, flat)
        .bind();
  }
}
