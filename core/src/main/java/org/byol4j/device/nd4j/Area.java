package org.byol4j.device.nd4j;

import org.nd4j.linalg.api.buffer.DataType;

/**
 * Memory that operations of a device use in turn, as large as the largest needs. It grows while
 * operations are made; those made before find the new block when they run next.
 */
final class Area implements Place {

  private final Engine engine;
  private final DataType type;
  private final double value;
  private Memory memory;

  /**
   * @param value what new memory is filled with
   */
  Area(Engine engine, DataType type, double value) {
    this.engine = engine;
    this.type = type;
    this.value = value;
  }

  /** Makes room for that many elements; what the area held may be lost. */
  Area atLeast(long elements) {
    if (memory == null || memory.elements() < elements) {
      engine.forgetGradient();
      Memory outgrown = memory;
      memory = engine.allocate(type, elements);
      memory.fill(value);
      if (outgrown != null) {
        engine.free(outgrown);
      }
    }
    return this;
  }

  @Override
  public Memory memory() {
    return memory;
  }

  /** An operand at the start of the area, which grows to hold it. */
  Operand operand(long... shape) {
    Operand operand = Operand.dense(this, 0, shape);
    atLeast(operand.elements());
    return operand;
  }
}
