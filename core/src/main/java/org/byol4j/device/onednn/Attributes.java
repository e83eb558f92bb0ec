package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_data_type_undef;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_relu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_binary;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_eltwise;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_sum;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_deterministic;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_post_ops;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_scratchpad_mode;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;

/**
 * What every primitive is asked for: the same bits each time and our own scratchpad; then what is
 * to be done to a result before it is stored, in order of the calls.
 */
final class Attributes {

  private final dnnl_primitive_attr attributes = new dnnl_primitive_attr();
  private final dnnl_post_ops afterwards = new dnnl_post_ops();

  Attributes(Engine engine) {
    Engine.check(dnnl_primitive_attr_create(attributes), "attributes");
    engine.onClose(() -> dnnl_primitive_attr_destroy(attributes));
    Engine.check(
        dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
        "user scratchpad");
    Engine.check(dnnl_primitive_attr_set_deterministic(attributes, 1), "determinism");
    Engine.check(dnnl_post_ops_create(afterwards), "post-operations");
    engine.onClose(() -> dnnl_post_ops_destroy(afterwards));
  }

  /** Adds the result to what is there. */
  Attributes accumulate() {
    Engine.check(dnnl_post_ops_append_sum(afterwards, 1f, 0, dnnl_data_type_undef), "sum");
    return this;
  }

  /** Combines the result with another array, bound as {@code Operation.Binding.operand}. */
  Attributes then(int algorithm, dnnl_memory_desc operand) {
    Engine.check(dnnl_post_ops_append_binary(afterwards, algorithm, operand), "binary");
    return this;
  }

  Attributes relu() {
    Engine.check(dnnl_post_ops_append_eltwise(afterwards, dnnl_eltwise_relu, 0f, 0f), "relu");
    return this;
  }

  dnnl_primitive_attr handle() {
    Engine.check(dnnl_primitive_attr_set_post_ops(attributes, afterwards), "post-operations");
    return attributes;
  }
}
