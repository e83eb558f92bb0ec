package org.byol4j.device.nd4j;

import java.util.ArrayList;
import java.util.List;
import org.byol4j.device.Op;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One of ND4J's custom operations on given operands. Its context is made at the first run and kept:
 * without one, ND4J would look up shapes and marshal all arguments each time. What it takes
 * natively, a few hundred bytes, goes with the garbage, not with the device: to close a context of
 * 1.0.0-M2.1 does nothing, and what ND4J has its collector of garbage free must not be freed twice.
 */
final class Call implements Op {

  private final Engine engine;
  private final CustomOp operation;

  /** Those that are read, then those that are written. */
  private final List<Operand> operands = new ArrayList<>();

  private int inputs;
  private long[] integers = {};
  private double[] reals = {};
  private OpContext context;
  private INDArray[] bound = {};

  /**
   * @param name ND4J's name of the operation
   */
  Call(Engine engine, String name) {
    this.engine = engine;
    operation = DynamicCustomOp.builder(name).build();
  }

  /** Adds operands that are read. */
  Call in(Operand... read) {
    operands.addAll(inputs, List.of(read));
    inputs += read.length;
    return this;
  }

  /** Adds operands that are written. */
  Call out(Operand... written) {
    operands.addAll(List.of(written));
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

  /** Whether the context holds the arrays that the operands are now. */
  private boolean isBound() {
    boolean same = bound.length > 0;
    for (int i = 0; i < operands.size(); i++) {
      INDArray array = operands.get(i).array();
      same = same && array == bound[i];
    }
    return same;
  }

  private void bind() {
    context = Nd4j.getExecutioner().buildContext();
    bound = new INDArray[operands.size()];
    for (int i = 0; i < bound.length; i++) {
      bound[i] = operands.get(i).array();
      if (i < inputs) {
        context.setInputArray(i, bound[i]);
      } else {
        context.setOutputArray(i - inputs, bound[i]);
      }
    }
    context.setIArguments(integers);
    context.setTArguments(reals);
  }
}
