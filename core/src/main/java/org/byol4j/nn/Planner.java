package org.byol4j.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.byol4j.collective.Collective;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceMemoryError;
import org.byol4j.device.Figures;
import org.byol4j.device.Op;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;

/**
 * Writes a plan: layers take and release tensors and say which operations run, in the order in
 * which they will; {@link #finish} then allocates the arena and binds the operations to it.
 *
 * <p>Operations come as suppliers, because they can be bound only when their tensors have memory.
 * They are collected in {@link Section}s, which run on their own (forward, backward) but share the
 * arena: what one section has released the next one uses again.
 */
final class Planner {

  /** A sequence of operations that is complete once the plan is finished. */
  static final class Section {
    private final List<Supplier<Op>> planned = new ArrayList<>();
    private final List<Supplier<Normalization>> plannedAverages = new ArrayList<>();
    private Op[] ops = {};
    private Normalization[] averagesNow = {};
    private Normalization[] averagesLater = {};

    private void finish() {
      ops = planned.stream().map(Supplier::get).toArray(Op[]::new);
      Map<Boolean, List<Normalization>> byPlace =
          plannedAverages.stream()
              .map(Supplier::get)
              .collect(Collectors.partitioningBy(Normalization::keepsStatisticsOnDevice));
      averagesNow = byPlace.get(false).toArray(Normalization[]::new);
      averagesLater = byPlace.get(true).toArray(Normalization[]::new);
    }

    void run() {
      for (Op op : ops) {
        op.run();
      }
      for (Normalization normalization : averagesNow) {
        normalization.moveAverages();
      }
    }

    /** The statistics that {@link #run} leaves on the device; {@link #moveAverages} takes them. */
    List<Figures> statistics() {
      return Arrays.stream(averagesLater).map(Normalization::statistics).toList();
    }

    /**
     * Moves the running averages whose statistics the device had.
     *
     * @param taken at {@code at} the figures of {@link #statistics}, one after the other
     * @return where they end
     */
    int moveAverages(double[] taken, int at) {
      int next = at;
      for (Normalization normalization : averagesLater) {
        normalization.moveAverages(taken, next);
        next += normalization.statisticsLength();
      }
      return next;
    }
  }

  /** How wide the arena is, as a matrix. */
  private static final int WIDTH = 1024;

  private final Device device;
  private final Collective collective;
  private final Arena arena = new Arena();
  private final List<Slot> slots = new ArrayList<>();
  private final List<Section> sections = new ArrayList<>();
  private NetworkState state;
  private Mode mode;

  /** What a forward pass is for. */
  enum Mode {
    /** Batch statistics; what the backward pass needs is retained. */
    LEARN,
    /** Batch statistics, no backward pass: the target network. */
    PROJECT,
    /** Running statistics, no backward pass. */
    EVALUATE
  }

  Planner(Device device, Collective collective) {
    this.device = device;
    this.collective = collective;
  }

  /**
   * Starts a section: what is planned from now on works on the given network, in the given mode.
   */
  Section begin(NetworkState network, Mode passMode) {
    state = network;
    mode = passMode;
    Section section = new Section();
    sections.add(section);
    return section;
  }

  Device device() {
    return device;
  }

  Collective collective() {
    return collective;
  }

  NetworkState state() {
    return state;
  }

  Mode mode() {
    return mode;
  }

  boolean learns() {
    return mode == Mode.LEARN;
  }

  /** Returns memory of undefined content, held by the caller. */
  Slot take(Shape shape) {
    Slot slot = new Slot(shape, arena.take(shape.elements()));
    slots.add(slot);
    return slot;
  }

  /** Gives up one hold; memory that nobody holds is used again. */
  void release(Slot slot) {
    if (slot.release()) {
      arena.release(slot.offset(), slot.shape().elements());
    }
  }

  /** Adds an operation to the current section. */
  void run(Supplier<Op> op) {
    sections.get(sections.size() - 1).planned.add(op);
  }

  /** Has the running averages of a normalization of the current section moved after each run. */
  void average(Supplier<Normalization> normalization) {
    sections.get(sections.size() - 1).plannedAverages.add(normalization);
  }

  /** The number of elements that the arena takes, for all that was planned so far. */
  long elements() {
    return Math.max(1, (arena.size() + WIDTH - 1) / WIDTH) * WIDTH;
  }

  /** The number of elements of the largest tensor in it. */
  long largest() {
    return slots.stream().mapToLong(slot -> slot.shape().elements()).max().orElse(0);
  }

  /**
   * Allocates the arena, which the caller owns, and binds every operation.
   *
   * @param batch images that the plan is for
   * @param remedy how its user has fewer images at a time, for the message; empty if in no way
   * @throws DeviceMemoryError if the device has too little memory, naming the sizes and the largest
   *     batch that fits
   */
  Tensor finish(int batch, String remedy) {
    Shape extent = Shape.matrix(Math.toIntExact(elements() / WIDTH), WIDTH);
    PlanMemory size = new PlanMemory(batch, extent.elements(), largest(), remedy);
    Tensor memory;
    try {
      memory = device.allocateActivations(extent);
    } catch (DeviceMemoryError e) {
      throw size.explained(e, false);
    }
    try {
      bind(memory);
    } catch (DeviceMemoryError e) {
      memory.close();
      throw size.explained(e, true);
    }
    return memory;
  }

  private void bind(Tensor memory) {
    slots.forEach(slot -> slot.place(memory));
    sections.forEach(Section::finish);
  }
}
