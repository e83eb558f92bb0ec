package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_a;
import static org.bytedeco.dnnl.global.dnnl.dnnl_ab;
import static org.bytedeco.dnnl.global.dnnl.dnnl_abc;
import static org.bytedeco.dnnl.global.dnnl.dnnl_acb;
import static org.bytedeco.dnnl.global.dnnl.dnnl_ba;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_nhwc;
import static org.bytedeco.dnnl.global.dnnl.dnnl_oihw;

import org.byol4j.device.Shape;
import org.bytedeco.dnnl.dnnl_memory_desc;

/** oneDNN's descriptions of our arrays; their logical order is channels first. */
final class Layout {

  private final Engine engine;

  Layout(Engine engine) {
    this.engine = engine;
  }

  /** Activations, channels last. */
  dnnl_memory_desc image(Shape shape) {
    return tagged(dnnl_nhwc, shape.batch(), shape.channels(), shape.height(), shape.width());
  }

  /** One value a channel, broadcast over activations. */
  dnnl_memory_desc channels(int count) {
    return tagged(dnnl_nhwc, 1, count, 1, 1);
  }

  /** Convolution weights in row-major order. */
  dnnl_memory_desc kernels(int outputs, int inputs, int size) {
    return tagged(dnnl_oihw, outputs, inputs, size, size);
  }

  /** Convolution weights in whatever order a convolution likes best. */
  dnnl_memory_desc anyKernels(int outputs, int inputs, int size) {
    return tagged(dnnl_format_tag_any, outputs, inputs, size, size);
  }

  /** {@code count} matrices of {@code rows} by {@code columns}. */
  dnnl_memory_desc matrices(long count, long rows, long columns) {
    return tagged(dnnl_abc, count, rows, columns);
  }

  /** The same, each of which lies in memory as its transpose. */
  dnnl_memory_desc transposedMatrices(long count, long rows, long columns) {
    return tagged(dnnl_acb, count, rows, columns);
  }

  dnnl_memory_desc vector(long length) {
    return tagged(dnnl_a, length);
  }

  dnnl_memory_desc matrix(long rows, long columns) {
    return tagged(dnnl_ab, rows, columns);
  }

  /** A matrix of {@code rows} by {@code columns} whose transpose lies in memory. */
  dnnl_memory_desc transposed(long rows, long columns) {
    return tagged(dnnl_ba, rows, columns);
  }

  private dnnl_memory_desc tagged(int tag, long... extents) {
    dnnl_memory_desc made = new dnnl_memory_desc();
    Engine.check(
        dnnl_memory_desc_create_with_tag(made, extents.length, extents, dnnl_f32, tag), "layout");
    engine.onClose(() -> dnnl_memory_desc_destroy(made));
    return made;
  }
}
