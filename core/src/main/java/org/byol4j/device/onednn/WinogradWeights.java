package org.byol4j.device.onednn;

import static org.byol4j.device.onednn.Winograd.KERNEL;
import static org.byol4j.device.onednn.Winograd.POINTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;

import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * The values of 3x3 filters at Winograd's points, {@code [36, input, output]}; made anew when the
 * weights have changed.
 */
final class WinogradWeights {

  private static final String WHAT = "order of weights by tap";

  private final Engine engine;
  private final NativeTensor weights;
  private final NativeMemory points;
  private final Operation byTap;
  private final WinogradFilters loop;
  private long version = -1;

  WinogradWeights(Engine engine, NativeTensor weights, int outputs, int inputs) {
    this.engine = engine;
    this.weights = weights;
    int pairs = outputs * inputs;
    points = engine.allocate((long) POINTS * pairs * Float.BYTES);
    Layout layout = new Layout(engine);
    dnnl_memory_desc plain = layout.kernels(outputs, inputs, KERNEL);
    dnnl_memory_desc ordered = layout.kernelsByTap(outputs, inputs, KERNEL);
    dnnl_primitive_desc plan = new dnnl_primitive_desc();
    int status =
        dnnl_reorder_primitive_desc_create(
            plan,
            plain,
            engine.handle(),
            ordered,
            engine.handle(),
            new Attributes(engine).handle());
    byTap =
        Operation.of(engine, WHAT, Operation.planned(engine, status, WHAT, plan))
            .input(DNNL_ARG_FROM, weights, plain)
            .raw(DNNL_ARG_TO, engine.staging().bind(ordered))
            .bind();
    loop = new WinogradFilters(engine, pairs);
  }

  boolean isOf(NativeTensor wanted) {
    return weights.memory() == wanted.memory() && weights.offset() == wanted.offset();
  }

  /** Frees the values if they are of weights that lie in {@code memory}. */
  boolean freeIfOf(NativeMemory memory) {
    if (weights.memory() != memory) {
      return false;
    }
    engine.free(points);
    return true;
  }

  /** Where the values are, in the order {@code layout}. */
  dnnl_memory memory(dnnl_memory_desc layout) {
    return engine.memory(layout, points.at(0));
  }

  /** Sees to it that the values are those of the present weights. */
  void refresh() {
    weights.memory().requireOpen();
    if (version != weights.memory().version()) {
      byTap.run();
      loop.toPoints(engine.staging().area(), 0, points, 0);
      version = weights.memory().version();
    }
  }
}
