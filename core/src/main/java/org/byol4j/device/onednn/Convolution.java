package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_data_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_weights_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_next_impl;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_diff_weights_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import java.util.function.Supplier;
import org.byol4j.device.LinearMap;
import org.byol4j.device.Op;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.Window;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** A 2-d convolution; each of its three directions reads the weights in the order it likes best. */
final class Convolution implements LinearMap {

  private static final dnnl_memory_desc NO_BIAS = null;

  /**
   * Output rows up to this wide are left to the older kernels: the brgemm ones multiply the pixels
   * of one row at a time, and with 4 of them run at 60 % of the speed (measured, 0002).
   */
  private static final int NARROW = 7;

  private static final String ROWWISE = "brg";
  private static final String BLOCKWISE = "jit:";

  private final Engine engine;
  private final Shape input;
  private final Shape output;
  private final int kernel;
  private final NativeTensor weights;
  private final long[] strides;
  private final long[] dilates = {0, 0};
  private final long[] before;
  private final long[] after;
  private final dnnl_memory_desc source;
  private final dnnl_memory_desc destination;
  private final dnnl_memory_desc plainWeights;
  private final dnnl_memory_desc anyWeights;
  private final dnnl_primitive_desc forward;
  private final String description;

  Convolution(Engine engine, Shape input, Shape output, Window window, Tensor weights) {
    this.engine = engine;
    this.input = input;
    this.output = output;
    Shape expected = window.output(input, output.channels());
    if (!expected.equals(output)) {
      throw new IllegalArgumentException(
          "convolution output=%s does not fit input=%s window=%s: expected %s"
              .formatted(output, input, window, expected));
    }
    kernel = window.kernel();
    this.weights =
        NativeTensor.of(
            weights,
            engine,
            (long) output.channels() * input.channels() * kernel * kernel,
            "weights of a convolution");
    description = "convolution of %s into %s by %s".formatted(input, output, window);
    strides = new long[] {window.stride(), window.stride()};
    before = new long[] {window.vertical().before(), window.horizontal().before()};
    after = new long[] {window.vertical().after(), window.horizontal().after()};
    Layout layout = new Layout(engine);
    source = layout.image(input);
    destination = layout.image(output);
    plainWeights = layout.kernels(output.channels(), input.channels(), kernel);
    anyWeights = layout.anyKernels(output.channels(), input.channels(), kernel);
    forward = suited(this::planForward);
  }

  @Override
  public Op forward(Tensor x, Tensor y) {
    dnnl_memory_desc order = order(forward);
    PackedWeights.Packed packed = packed(order);
    Operation run =
        Operation.of(engine, description, forward)
            .input(DNNL_ARG_SRC, NativeTensor.of(x, engine, input.elements(), "x"), source)
            .raw(DNNL_ARG_WEIGHTS, packed.in(engine, order))
            .output(DNNL_ARG_DST, NativeTensor.of(y, engine, output.elements(), "y"), destination)
            .bind();
    return () -> {
      packed.refresh();
      run.run();
    };
  }

  @Override
  public Op backwardData(Tensor dy, Tensor dx) {
    dnnl_primitive_desc plan = suited(this::planBackwardData);
    dnnl_memory_desc order = order(plan);
    PackedWeights.Packed packed = packed(order);
    Operation run =
        Operation.of(engine, "data gradient of a " + description, plan)
            .input(
                DNNL_ARG_DIFF_DST,
                NativeTensor.of(dy, engine, output.elements(), "dy"),
                destination)
            .raw(DNNL_ARG_WEIGHTS, packed.in(engine, order))
            .output(DNNL_ARG_DIFF_SRC, NativeTensor.of(dx, engine, input.elements(), "dx"), source)
            .bind();
    return () -> {
      packed.refresh();
      run.run();
    };
  }

  @Override
  public Op backwardWeights(Tensor x, Tensor dy, Tensor gradient) {
    dnnl_primitive_desc plan = planBackwardWeights();
    dnnl_memory_desc order = dnnl_primitive_desc_query_md(plan, dnnl_query_diff_weights_md, 0);
    dnnl_memory staged = engine.staging().bind(order);
    Operation run =
        Operation.of(engine, "weight gradient of a " + description, plan)
            .input(DNNL_ARG_SRC, NativeTensor.of(x, engine, input.elements(), "x"), source)
            .input(
                DNNL_ARG_DIFF_DST,
                NativeTensor.of(dy, engine, output.elements(), "dy"),
                destination)
            .raw(DNNL_ARG_DIFF_WEIGHTS, staged)
            .bind();
    Operation add = addUnpacked(order, staged, gradient);
    return () -> {
      run.run();
      add.run();
    };
  }

  /** Adds a gradient in the convolution's own order to the flat one. */
  private Operation addUnpacked(dnnl_memory_desc order, dnnl_memory staged, Tensor gradient) {
    NativeTensor sum = NativeTensor.of(gradient, engine, weights.elements(), "weight gradient");
    dnnl_primitive_desc plan = new dnnl_primitive_desc();
    int status =
        dnnl_reorder_primitive_desc_create(
            plan,
            order,
            engine.handle(),
            plainWeights,
            engine.handle(),
            new Attributes(engine).accumulate().handle());
    String what = "sum of weight gradients of a " + description;
    return Operation.of(engine, what, Operation.planned(engine, status, what, plan))
        .raw(DNNL_ARG_FROM, staged)
        .output(DNNL_ARG_TO, sum, plainWeights)
        .bind();
  }

  /** The order in which a plan wants the weights. */
  private static dnnl_memory_desc order(dnnl_primitive_desc plan) {
    return dnnl_primitive_desc_query_md(plan, dnnl_query_weights_md, 0);
  }

  private PackedWeights.Packed packed(dnnl_memory_desc order) {
    return engine.packedWeights().of(weights, plainWeights, order);
  }

  private dnnl_primitive_desc planForward() {
    dnnl_primitive_desc plan = new dnnl_primitive_desc();
    int status =
        dnnl_convolution_forward_primitive_desc_create(
            plan,
            engine.handle(),
            dnnl_forward_training,
            dnnl_convolution_direct,
            source,
            anyWeights,
            NO_BIAS,
            destination,
            strides,
            dilates,
            before,
            after,
            new Attributes(engine).handle());
    return Operation.planned(engine, status, description, plan);
  }

  private dnnl_primitive_desc planBackwardData() {
    dnnl_primitive_desc plan = new dnnl_primitive_desc();
    int status =
        dnnl_convolution_backward_data_primitive_desc_create(
            plan,
            engine.handle(),
            dnnl_convolution_direct,
            source,
            anyWeights,
            destination,
            strides,
            dilates,
            before,
            after,
            forward,
            new Attributes(engine).handle());
    return Operation.planned(engine, status, "data gradient of a " + description, plan);
  }

  private dnnl_primitive_desc planBackwardWeights() {
    dnnl_primitive_desc plan = new dnnl_primitive_desc();
    int status =
        dnnl_convolution_backward_weights_primitive_desc_create(
            plan,
            engine.handle(),
            dnnl_convolution_direct,
            source,
            anyWeights,
            NO_BIAS,
            destination,
            strides,
            dilates,
            before,
            after,
            forward,
            new Attributes(engine).handle());
    return Operation.planned(engine, status, "weight gradient of a " + description, plan);
  }

  /** The plan of the first implementation that is fast for this shape. */
  private dnnl_primitive_desc suited(Supplier<dnnl_primitive_desc> planner) {
    dnnl_primitive_desc first = planner.get();
    if (kernel == 1 || output.width() > NARROW || !Operation.kind(first).startsWith(ROWWISE)) {
      return first;
    }
    dnnl_primitive_desc other = planner.get();
    while (dnnl_primitive_desc_next_impl(other) == dnnl_success) {
      if (Operation.kind(other).startsWith(BLOCKWISE)) {
        return other;
      }
    }
    return first;
  }
}
