package org.byol4j.device.cuda;

import java.util.ArrayList;
import java.util.List;

/**
 * Copies of filters as convolutions want them, {@code [outputs, taps, inputs]} with numbers of
 * channels in multiples of 8, one for each (weights, form) of a device, however many operations use
 * it; made anew when the weights have changed.
 */
final class PackedWeights {

  /**
   * The extent of filters.
   *
   * @param outputs channels that a convolution makes
   * @param inputs channels that it takes
   * @param taps the pixels of its window
   */
  record Extent(int outputs, int inputs, int taps) {

    /** The extent of the copy. */
    Extent padded() {
      return new Extent(multiple(outputs), multiple(inputs), taps);
    }

    long elements() {
      return (long) outputs * inputs * taps;
    }
  }

  /** What cuDNN's kernels for tensor cores want numbers of channels to be multiples of. */
  private static final int CHANNELS = 8;

  private final Engine engine;
  private final List<Packed> copies = new ArrayList<>();

  PackedWeights(Engine engine) {
    this.engine = engine;
  }

  static int multiple(int channels) {
    return (channels + CHANNELS - 1) / CHANNELS * CHANNELS;
  }

  /** The copy of {@code weights}, which are of that extent, in elements of that kind. */
  Packed of(CudaTensor weights, Extent extent, Element element) {
    for (Packed copy : copies) {
      if (copy.isOf(weights, extent, element)) {
        return copy;
      }
    }
    Packed made = new Packed(engine, weights, extent, element);
    copies.add(made);
    return made;
  }

  /** Frees the copies of weights that are no more. */
  void forget(GpuMemory memory) {
    List<Packed> orphans = copies.stream().filter(copy -> copy.source == memory).toList();
    copies.removeAll(orphans);
    orphans.forEach(copy -> engine.free(copy.memory));
  }

  /** Filters in one form. */
  static final class Packed {

    private final GpuMemory source;
    private final long offset;
    private final Extent extent;
    private final GpuMemory memory;
    private final Launch pack;
    private long packedVersion = -1;

    private Packed(Engine engine, CudaTensor weights, Extent extent, Element element) {
      source = weights.memory();
      offset = weights.offset();
      this.extent = extent;
      Extent to = extent.padded();
      memory = engine.allocate(element, to.elements() * element.bytes());
      pack =
          engine
              .launch("layout", element, "pack_filters")
              .over(to.elements())
              .tensor(weights)
              .memory(memory)
              .integer(extent.outputs())
              .integer(extent.inputs())
              .integer(extent.taps())
              .integer(to.outputs())
              .integer(to.inputs());
    }

    private boolean isOf(CudaTensor weights, Extent wanted, Element element) {
      return source == weights.memory()
          && offset == weights.offset()
          && extent.equals(wanted)
          && memory.element() == element;
    }

    long address() {
      return memory.address();
    }

    /** Sees to it that the copy is one of the present weights. */
    void refresh() {
      source.requireOpen();
      long version = source.version();
      if (packedVersion != version) {
        pack.run();
        packedVersion = version;
      }
    }
  }
}
