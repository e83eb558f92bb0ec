package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_impl_info_str;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_scratchpad_md;

import java.util.ArrayList;
import java.util.List;
import org.byol4j.device.Op;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/** A oneDNN primitive with all its arguments. */
final class Operation implements Op {

  private final Engine engine;
  private final String what;
  private final dnnl_primitive primitive;
  private final dnnl_exec_arg_t arguments;
  private final int count;
  private final NativeMemory[] uses;
  private final NativeMemory[] changes;

  private Operation(Engine engine, String what, dnnl_primitive primitive, Binding binding) {
    this.engine = engine;
    this.what = what;
    this.primitive = primitive;
    this.arguments = binding.toNative();
    this.count = binding.memories.size();
    this.uses = binding.uses.toArray(NativeMemory[]::new);
    this.changes = binding.changes.toArray(NativeMemory[]::new);
  }

  /** Begins an operation of a planned primitive; {@code plan} is destroyed with the device. */
  static Binding of(Engine engine, String what, dnnl_primitive_desc plan) {
    return new Binding(engine, what, plan);
  }

  @Override
  public void run() {
    for (NativeMemory memory : uses) {
      memory.requireOpen();
    }
    engine.enter();
    int status = dnnl_primitive_execute(primitive, engine.stream(), count, arguments);
    if (status != 0) {
      Engine.check(status, what);
    }
    for (NativeMemory memory : changes) {
      memory.changed();
    }
  }

  /** The arguments of an operation to be. */
  static final class Binding {

    private final Engine engine;
    private final String what;
    private final dnnl_primitive_desc plan;
    private final List<Integer> roles = new ArrayList<>();
    private final List<dnnl_memory> memories = new ArrayList<>();
    private final List<NativeMemory> uses = new ArrayList<>();
    private final List<NativeMemory> changes = new ArrayList<>();

    private Binding(Engine engine, String what, dnnl_primitive_desc plan) {
      this.engine = engine;
      this.what = what;
      this.plan = plan;
    }

    /** What the operation reads. */
    Binding input(int role, NativeTensor tensor, dnnl_memory_desc layout) {
      return input(role, tensor.memory(), tensor.offset() * Float.BYTES, layout);
    }

    Binding input(int role, NativeMemory memory, long offsetBytes, dnnl_memory_desc layout) {
      uses.add(memory);
      return raw(role, engine.memory(layout, memory.at(offsetBytes)));
    }

    /** What the operation writes. */
    Binding output(int role, NativeTensor tensor, dnnl_memory_desc layout) {
      changes.add(tensor.memory());
      return input(role, tensor, layout);
    }

    /** The other array of the {@code index}-th post-operation. */
    Binding operand(int index, NativeTensor tensor, dnnl_memory_desc layout) {
      return input(operandRole(index), tensor, layout);
    }

    Binding operand(int index, NativeMemory memory, long offsetBytes, dnnl_memory_desc layout) {
      return input(operandRole(index), memory, offsetBytes, layout);
    }

    private static int operandRole(int index) {
      return DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (index + 1) | DNNL_ARG_SRC_1;
    }

    /** A memory object that the caller watches over. */
    Binding raw(int role, dnnl_memory memory) {
      roles.add(role);
      memories.add(memory);
      return this;
    }

    /** Makes the operation. */
    Operation bind() {
      dnnl_memory_desc scratchpad = dnnl_primitive_desc_query_md(plan, dnnl_query_scratchpad_md, 0);
      if (scratchpad != null && dnnl_memory_desc_get_size(scratchpad) > 0) {
        raw(DNNL_ARG_SCRATCHPAD, engine.scratchpad().bind(scratchpad));
      }
      dnnl_primitive primitive = new dnnl_primitive();
      engine.checkMade(dnnl_primitive_create(primitive, plan), what);
      engine.onClose(() -> dnnl_primitive_destroy(primitive));
      return new Operation(engine, what, primitive, this);
    }

    private dnnl_exec_arg_t toNative() {
      dnnl_exec_arg_t array = new dnnl_exec_arg_t(memories.size());
      engine.onClose(array::close);
      for (int i = 0; i < memories.size(); i++) {
        array.getPointer(i).arg(roles.get(i)).memory(memories.get(i));
      }
      return array;
    }
  }

  /** Takes ownership of a plan just made: it is destroyed with the device. */
  static dnnl_primitive_desc planned(
      Engine engine, int status, String what, dnnl_primitive_desc plan) {
    engine.checkMade(status, what);
    engine.onClose(() -> dnnl_primitive_desc_destroy(plan));
    return plan;
  }

  /** Which of oneDNN's implementations a plan is of, such as {@code jit:avx512_core}. */
  static String kind(dnnl_primitive_desc plan) {
    try (PointerPointer<BytePointer> name = new PointerPointer<>(1)) {
      Engine.check(
          dnnl_primitive_desc_query(plan, dnnl_query_impl_info_str, 0, name), "name of a plan");
      return name.get(BytePointer.class, 0).getString();
    }
  }
}
