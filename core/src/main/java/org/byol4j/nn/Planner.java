package org.byol4j.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.byol4j.collective.Collective;
import org.byol4j.device.Device;
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
    private final List<Supplier<Op>> plannedLast = new ArrayList<>();
    private Op[] ops = {};

    void run() {
      for (Op op : ops) {
        op.run();
      }
    }
  }

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

  /**
   * Adds an operation that runs when all others of the current section were started: one that waits
   * for the device, and that no other waits for.
   */
  void runLast(Supplier<Op> op) {
    sections.get(sections.size() - 1).plannedLast.add(op);
  }

  /** Allocates the arena, which the caller owns, and binds every operation. */
  Tensor finish() {
    int width = 1024;
    int rows = Math.toIntExact(Math.max(1, (arena.size() + width - 1) / width));
    Tensor memory = device.allocateActivations(Shape.matrix(rows, width));
    slots.forEach(slot -> slot.place(memory));
    for (Section section : sections) {
      section.ops =
          Stream.concat(section.planned.stream(), section.plannedLast.stream())
              .map(Supplier::get)
              .toArray(Op[]::new);
    }
    return memory;
  }
}
