package org.byol4j.device.nd4j;

import java.util.ArrayList;
import java.util.List;
import org.byol4j.device.Op;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One of ND4J's custom operations on given operands. Its context is made at the first run and kept:
 * without one, ND4J would look up shapes and marshal all arguments each time.
 */
final class Call implements Op {

  private final Engine engine;
  private final CustomOp operation;
  private final List<Operand> inputs = new ArrayList<>();
  private final List<Operand> outputs = new ArrayList<>();
  private long[] integers = {};
  private double[] reals = {};
  private OpContext context;

  /**
   * @param name ND4J's name of the operation
   */
  Call(Engine engine, String name) {
    this.engine = engine;
    operation = DynamicCustomOp.builder(name).build();
  }

  /** Adds operands that are read. */
  Call in(Operand... operands) {
    inputs.addAll(List.of(operands));
    return this;
  }

  /** Adds operands that are written. */
  Call out(Operand... operands) {
    outputs.addAll(List.of(operands));
    return this;
  }

  /** Sets the operation's integer arguments, in ND4J's order. */
  Call integers(long... values) {
    integers = values;
    return this;
  }

  /** Sets the operation's floating point arguments, in ND4J's order. */
  Call reals(double... values) {
    reals = values;
    return this;
  }

  @Override
  public void run() {
    engine.enter();
    if (!isBound()) {
      bind();
    }
    Nd4j.getExecutioner().exec(operation, context);
  }

  private boolean isBound() {
    boolean settled = context != null;
    for (int i = 0; i < inputs.size(); i++) {
      settled &= isUsable(inputs.get(i));
    }
    for (int i = 0; i < outputs.size(); i++) {
      settled &= isUsable(outputs.get(i));
    }
    return settled;
  }

  private static boolean isUsable(Operand operand) {
    boolean settled = operand.isSettled();
    operand.array();
    return settled;
  }

  private void bind() {
    context = Nd4j.getExecutioner().buildContext();
    for (int i = 0; i < inputs.size(); i++) {
      context.setInputArray(i, inputs.get(i).array());
    }
    for (int i = 0; i < outputs.size(); i++) {
      context.setOutputArray(i, outputs.get(i).array());
    }
    context.setIArguments(integers);
    context.setTArguments(reals);
  }
}
