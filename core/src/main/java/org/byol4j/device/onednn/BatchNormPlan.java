package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_backward;
import static org.bytedeco.dnnl.global.dnnl.dnnl_batch_normalization_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_batch_normalization_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_fuse_norm_relu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_workspace_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_global_stats;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_scale;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_shift;

import org.byol4j.device.Shape;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** oneDNN's plans for one normalization, with its own statistics or with given ones. */
final class BatchNormPlan {

  private static final String FORWARD = "batch normalization";
  private static final String BACKWARD = "gradient of a batch normalization";

  private final Engine engine;
  private final dnnl_memory_desc image;
  private final float epsilon;
  private final int flags;
  private final boolean hasMask;
  private final dnnl_primitive_desc forward = new dnnl_primitive_desc();

  /**
   * Plans the forward pass.
   *
   * @param givenStatistics whether it is told mean and variance
   * @param keepsMask whether it leaves a mask for a backward pass, if there is a ReLU; one that
   *     takes its own statistics always does
   */
  BatchNormPlan(
      Engine engine,
      Shape shape,
      double epsilon,
      boolean relu,
      boolean givenStatistics,
      boolean keepsMask) {
    boolean trains = keepsMask || !givenStatistics;
    this.engine = engine;
    this.hasMask = relu && trains;
    this.epsilon = (float) epsilon;
    image = new Layout(engine).image(shape);
    flags =
        dnnl_use_scale
            | dnnl_use_shift
            | (relu ? dnnl_fuse_norm_relu : 0)
            | (givenStatistics ? dnnl_use_global_stats : 0);
    int status =
        dnnl_batch_normalization_forward_primitive_desc_create(
            forward,
            engine.handle(),
            trains ? dnnl_forward_training : dnnl_forward_inference,
            image,
            image,
            this.epsilon,
            flags,
            new Attributes(engine).handle());
    Operation.planned(engine, status, FORWARD, forward);
  }

  Operation.Binding forward() {
    return Operation.of(engine, FORWARD, forward);
  }

  Operation.Binding backward() {
    dnnl_primitive_desc backward = new dnnl_primitive_desc();
    int status =
        dnnl_batch_normalization_backward_primitive_desc_create(
            backward,
            engine.handle(),
            dnnl_backward,
            image,
            image,
            image,
            epsilon,
            flags,
            forward,
            new Attributes(engine).handle());
    return Operation.of(engine, BACKWARD, Operation.planned(engine, status, BACKWARD, backward));
  }

  /** Whether the forward pass leaves a mask for the backward pass. */
  boolean hasMask() {
    return hasMask;
  }

  dnnl_memory_desc mask() {
    return dnnl_primitive_desc_query_md(forward, dnnl_query_workspace_md, 0);
  }

  long maskBytes() {
    return dnnl_memory_desc_get_size(mask());
  }
}
