package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_0;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_mul;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_sub;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * {@code (x - mean) * factor + offset} per channel, and what follows it, in one pass. The mean is
 * taken off first: folded into the offset it would cost digits where it is large.
 */
final class ChannelAffine {

  private static final String WHAT = "affine map of channels";

  private final Engine engine;
  private final NativeTensor x;
  private final ChannelVector mean;
  private final ChannelVector factor;
  private final ChannelVector offset;
  private final dnnl_memory_desc rows;
  private final dnnl_memory_desc row;

  ChannelAffine(
      Engine engine,
      NativeTensor x,
      ChannelVector mean,
      ChannelVector factor,
      ChannelVector offset) {
    this.engine = engine;
    this.x = x;
    this.mean = mean;
    this.factor = factor;
    this.offset = offset;
    Layout layout = new Layout(engine);
    rows = layout.image(x.shape());
    row = layout.channels(x.shape().channels());
  }

  /** {@code y = max(0, affine + residual)}. */
  Operation addRelu(NativeTensor residual, NativeTensor y) {
    Attributes attributes = affine().then(dnnl_binary_add, rows).relu();
    return bound(attributes, y).operand(2, residual, rows).bind();
  }

  /** {@code y = y + affine}. */
  Operation accumulate(NativeTensor y) {
    return bound(affine().accumulate(), y).bind();
  }

  private Attributes affine() {
    return new Attributes(engine).then(dnnl_binary_mul, row).then(dnnl_binary_add, row);
  }

  private Operation.Binding bound(Attributes attributes, NativeTensor y) {
    dnnl_primitive_desc plan = new dnnl_primitive_desc();
    int status =
        dnnl_binary_primitive_desc_create(
            plan, engine.handle(), dnnl_binary_sub, rows, row, rows, attributes.handle());
    return Operation.of(engine, WHAT, Operation.planned(engine, status, WHAT, plan))
        .input(DNNL_ARG_SRC_0, x, rows)
        .input(DNNL_ARG_SRC_1, mean.memory(), row)
        .operand(0, factor.memory(), row)
        .operand(1, offset.memory(), row)
        .output(DNNL_ARG_DST, y, rows);
  }
}
