package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_equal;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.byol4j.device.Op;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Copies of weights in the forms that convolutions like, one for each (weights, form) of a device,
 * however many operations use it; made anew when the weights have changed.
 */
final class PackedWeights {

  private final Engine engine;
  private final List<Packed> copies = new ArrayList<>();

  PackedWeights(Engine engine) {
    this.engine = engine;
  }

  /** Makes the operation that fills a copy. */
  @FunctionalInterface
  interface Packing {
    Op into(NativeMemory copy);
  }

  /** The copy of {@code weights} in the order {@code packed}; the weights themselves if equal. */
  Packed of(NativeTensor weights, dnnl_memory_desc plain, dnnl_memory_desc packed) {
    return dnnl_memory_desc_equal(plain, packed) != 0
        ? known(weights, plain, () -> new Packed(weights, plain, weights.memory(), null))
        : of(weights, packed, copy -> reorder(weights, plain, packed, copy));
  }

  /** The copy of {@code weights} of the form {@code packed}, filled by {@code packing}. */
  Packed of(NativeTensor weights, dnnl_memory_desc packed, Packing packing) {
    return known(
        weights,
        packed,
        () -> {
          NativeMemory copy = engine.allocate(dnnl_memory_desc_get_size(packed));
          return new Packed(weights, packed, copy, packing.into(copy));
        });
  }

  private Packed known(NativeTensor weights, dnnl_memory_desc form, Supplier<Packed> maker) {
    for (Packed copy : copies) {
      if (copy.isOf(weights, form)) {
        return copy;
      }
    }
    Packed made = maker.get();
    copies.add(made);
    return made;
  }

  private Op reorder(
      NativeTensor weights, dnnl_memory_desc plain, dnnl_memory_desc packed, NativeMemory copy) {
    dnnl_primitive_desc plan = new dnnl_primitive_desc();
    int status =
        dnnl_reorder_primitive_desc_create(
            plan, plain, engine.handle(), packed, engine.handle(), new Attributes(engine).handle());
    String what = "packing of weights";
    return Operation.of(engine, what, Operation.planned(engine, status, what, plan))
        .input(DNNL_ARG_FROM, weights, plain)
        .raw(DNNL_ARG_TO, engine.memory(packed, copy.at(0)))
        .bind();
  }

  /** Frees the copies of weights that are no more. */
  void forget(NativeMemory memory) {
    copies.removeIf(
        copy -> {
          if (copy.source != memory) {
            return false;
          }
          if (copy.isCopy()) {
            engine.free(copy.memory);
          }
          return true;
        });
  }

  /** Weights in one form. */
  static final class Packed {

    private final NativeMemory source;
    private final long offset;
    private final dnnl_memory_desc form;
    private final NativeMemory memory;
    private final Op pack;
    private long packedVersion = -1;

    private Packed(NativeTensor weights, dnnl_memory_desc form, NativeMemory memory, Op pack) {
      source = weights.memory();
      offset = weights.offset();
      this.form = form;
      this.memory = memory;
      this.pack = pack;
    }

    private boolean isOf(NativeTensor weights, dnnl_memory_desc wanted) {
      return source == weights.memory()
          && offset == weights.offset()
          && dnnl_memory_desc_equal(form, wanted) != 0;
    }

    private boolean isCopy() {
      return memory != source;
    }

    /** The packed weights as oneDNN sees them in the order {@code layout}. */
    dnnl_memory in(Engine engine, dnnl_memory_desc layout) {
      return engine.memory(layout, memory.at(isCopy() ? 0 : offset * Float.BYTES));
    }

    /** Sees to it that the copy is one of the present weights. */
    void refresh() {
      source.requireOpen();
      if (isCopy() && packedVersion != source.version()) {
        pack.run();
        packedVersion = source.version();
      }
    }
  }
}
