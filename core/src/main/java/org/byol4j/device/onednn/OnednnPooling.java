package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_avg_exclude_padding;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_max;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_workspace_md;

import org.byol4j.device.Op;
import org.byol4j.device.Pooling;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.Window;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** A maximum over a window, which remembers where it was found, or a mean over the whole image. */
final class OnednnPooling implements Pooling {

  private static final long[] DENSE = {0, 0};

  private final Engine engine;
  private final String what;
  private final int algorithm;
  private final NativeTensor x;
  private final NativeTensor y;
  private final long[] strides;
  private final long[] kernel;
  private final long[] before;
  private final long[] after;
  private final dnnl_memory_desc source;
  private final dnnl_memory_desc destination;
  private final dnnl_primitive_desc plan;
  private final NativeMemory remembered;

  static OnednnPooling max(Engine engine, Window window, NativeTensor x, NativeTensor y) {
    Shape expected = window.output(x.shape(), x.shape().channels());
    if (!expected.equals(y.shape())) {
      throw new IllegalArgumentException(
          "maximum over %s of x=%s has shape %s, but y=%s"
              .formatted(window, x.shape(), expected, y.shape()));
    }
    return new OnednnPooling(
        engine,
        "maximum",
        dnnl_pooling_max,
        x,
        y,
        new long[] {window.stride(), window.stride()},
        new long[] {window.kernel(), window.kernel()},
        new long[] {window.vertical().before(), window.horizontal().before()},
        new long[] {window.vertical().after(), window.horizontal().after()});
  }

  static OnednnPooling average(Engine engine, NativeTensor x, NativeTensor y) {
    Shape input = x.shape();
    if (y.elements() != (long) input.batch() * input.channels()) {
      throw new IllegalArgumentException(
          "mean over height and width of x=%s has batch * channels elements, but y=%s"
              .formatted(input, y.shape()));
    }
    return new OnednnPooling(
        engine,
        "mean over height and width",
        dnnl_pooling_avg_exclude_padding,
        x,
        y,
        new long[] {1, 1},
        new long[] {input.height(), input.width()},
        new long[] {0, 0},
        new long[] {0, 0});
  }

  private OnednnPooling(
      Engine engine,
      String what,
      int algorithm,
      NativeTensor x,
      NativeTensor y,
      long[] strides,
      long[] kernel,
      long[] before,
      long[] after) {
    this.engine = engine;
    this.what = what;
    this.algorithm = algorithm;
    this.x = x;
    this.y = y;
    this.strides = strides;
    this.kernel = kernel;
    this.before = before;
    this.after = after;
    Layout layout = new Layout(engine);
    source = layout.image(x.shape());
    destination = layout.image(output(x.shape()));
    plan = planForward();
    remembered = engine.allocate(Math.max(1, workspaceBytes()));
  }

  private Shape output(Shape input) {
    int height = (int) ((input.height() + before[0] + after[0] - kernel[0]) / strides[0]) + 1;
    int width = (int) ((input.width() + before[1] + after[1] - kernel[1]) / strides[1]) + 1;
    return new Shape(input.batch(), height, width, input.channels());
  }

  private long workspaceBytes() {
    dnnl_memory_desc workspace = dnnl_primitive_desc_query_md(plan, dnnl_query_workspace_md, 0);
    return workspace == null ? 0 : dnnl_memory_desc_get_size(workspace);
  }

  @Override
  public Op forward() {
    return withWorkspace(
            Operation.of(engine, what, plan)
                .input(DNNL_ARG_SRC, x, source)
                .output(DNNL_ARG_DST, y, destination))
        .bind();
  }

  @Override
  public Op backward(Tensor dy, Tensor dx) {
    NativeTensor from = NativeTensor.of(dy, engine, y.elements(), "dy");
    NativeTensor to = NativeTensor.of(dx, engine, x.elements(), "dx");
    dnnl_primitive_desc backward = new dnnl_primitive_desc();
    int status =
        dnnl_pooling_backward_primitive_desc_create(
            backward,
            engine.handle(),
            algorithm,
            source,
            destination,
            strides,
            kernel,
            DENSE,
            before,
            after,
            plan,
            new Attributes(engine).handle());
    String gradient = "gradient of a " + what;
    return withWorkspace(
            Operation.of(engine, gradient, Operation.planned(engine, status, gradient, backward))
                .input(DNNL_ARG_DIFF_DST, from, destination)
                .output(DNNL_ARG_DIFF_SRC, to, source))
        .bind();
  }

  private Operation.Binding withWorkspace(Operation.Binding binding) {
    if (workspaceBytes() == 0) {
      return binding;
    }
    return binding.input(
        DNNL_ARG_WORKSPACE,
        remembered,
        0,
        dnnl_primitive_desc_query_md(plan, dnnl_query_workspace_md, 0));
  }

  private dnnl_primitive_desc planForward() {
    dnnl_primitive_desc made = new dnnl_primitive_desc();
    int status =
        dnnl_pooling_forward_primitive_desc_create(
            made,
            engine.handle(),
            dnnl_forward_training,
            algorithm,
            source,
            destination,
            strides,
            kernel,
            DENSE,
            before,
            after,
            new Attributes(engine).handle());
    return Operation.planned(engine, status, what, made);
  }
}
