package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_equal;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Copies of weights in the orders that convolutions like, one for each (weights, order) of a
 * device, however many operations use it; made anew when the weights have changed.
 */
final class PackedWeights {

  private final Engine engine;
  private final List<Packed> copies = new ArrayList<>();

  PackedWeights(Engine engine) {
    this.engine = engine;
  }

  /** The copy of {@code weights} in the order {@code packed}; the weights themselves if equal. */
  Packed of(NativeTensor weights, dnnl_memory_desc plain, dnnl_memory_desc packed) {
    for (Packed copy : copies) {
      if (copy.isOf(weights, packed)) {
        return copy;
      }
    }
    Packed made =
        dnnl_memory_desc_equal(plain, packed) != 0
            ? new Packed(engine, weights, plain)
            : new Packed(engine, weights, plain, packed);
    copies.add(made);
    return made;
  }

  /** Frees the copies of weights that are no more. */
  void forget(NativeMemory memory) {
    copies.removeIf(
        copy -> {
          if (copy.source != memory) {
            return false;
          }
          copy.free(engine);
          return true;
        });
  }

  /** Weights in one order. */
  static final class Packed {

    private final NativeMemory source;
    private final long offset;
    private final dnnl_memory_desc layout;
    private final dnnl_memory memory;
    private final NativeMemory copy;
    private final Operation repack;
    private long packedVersion = -1;

    /** Weights that need no copy. */
    private Packed(Engine engine, NativeTensor weights, dnnl_memory_desc plain) {
      source = weights.memory();
      offset = weights.offset();
      layout = plain;
      memory = engine.memory(plain, source.at(offset * Float.BYTES));
      copy = null;
      repack = null;
    }

    private Packed(
        Engine engine, NativeTensor weights, dnnl_memory_desc plain, dnnl_memory_desc packed) {
      source = weights.memory();
      offset = weights.offset();
      layout = packed;
      copy = engine.allocate(dnnl_memory_desc_get_size(packed));
      memory = engine.memory(packed, copy.at(0));
      dnnl_primitive_desc plan = new dnnl_primitive_desc();
      int status =
          dnnl_reorder_primitive_desc_create(
              plan,
              plain,
              engine.handle(),
              packed,
              engine.handle(),
              new Attributes(engine).handle());
      repack =
          Operation.of(
                  engine,
                  "packing of weights",
                  Operation.planned(engine, status, "packing of weights", plan))
              .input(DNNL_ARG_FROM, weights, plain)
              .raw(DNNL_ARG_TO, memory)
              .bind();
    }

    private boolean isOf(NativeTensor weights, dnnl_memory_desc wanted) {
      return source == weights.memory()
          && offset == weights.offset()
          && dnnl_memory_desc_equal(layout, wanted) != 0;
    }

    dnnl_memory memory() {
      return memory;
    }

    /** Sees to it that the copy is one of the present weights. */
    void refresh() {
      source.requireOpen();
      if (repack != null && packedVersion != source.version()) {
        repack.run();
        packedVersion = source.version();
      }
    }

    private void free(Engine engine) {
      if (copy != null) {
        engine.free(copy);
      }
    }
  }
}
