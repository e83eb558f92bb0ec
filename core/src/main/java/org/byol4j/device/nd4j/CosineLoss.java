package org.byol4j.device.nd4j;

import java.util.ArrayList;
import java.util.List;
import org.byol4j.device.Op;
import org.byol4j.device.RegressionLoss;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * BYOL's loss of one view (Grill et al. 2020, eq. 2) and its gradient, in double: with {@code p =
 * q/|q|} and {@code t = z/|z|}, a row's loss is {@code 2 - 2 p.t} and its gradient with respect to
 * q is {@code 2 ((p.t) p - t) / |q|}. What there is one of a row is computed on the host.
 */
final class CosineLoss implements RegressionLoss {

  /** Below this, the square of a row's length counts as this much, and not as a variable. */
  private static final double LEAST_SQUARE = 1e-12;

  private final Engine engine;
  private final double factor;
  private final int rows;
  private final long channels;
  private final Memory dots;
  private final Memory factors;
  private final double[] taken;
  private final double[] given;
  private final List<Op> before = new ArrayList<>();
  private final List<Op> after;
  private double loss;

  CosineLoss(
      Engine engine,
      Nd4jTensor prediction,
      Nd4jTensor projection,
      double factor,
      Nd4jTensor gradient) {
    this.engine = engine;
    this.factor = factor;
    rows = Math.toIntExact(prediction.shape().rows());
    channels = prediction.shape().channels();
    dots = engine.allocate(DataType.DOUBLE, 3L * rows);
    factors = engine.allocate(DataType.DOUBLE, 2L * rows);
    taken = new double[3 * rows];
    given = new double[2 * rows];
    long[] extent = {rows, channels};
    Operand q = Operand.dense(engine.allocate(DataType.DOUBLE, rows * channels), 0, extent);
    Operand z = Operand.dense(engine.allocate(DataType.DOUBLE, rows * channels), 0, extent);
    before.add(cast(prediction.matrix(), q, DataType.DOUBLE));
    before.add(cast(projection.as(extent), z, DataType.DOUBLE));
    addDots(q, q, 0);
    addDots(z, z, 1);
    addDots(q, z, 2);
    after =
        List.of(
            new Call(engine, "multiply").in(q, perRow(factors, 0)).out(q),
            new Call(engine, "multiply").in(z, perRow(factors, 1)).out(z),
            new Call(engine, "add").in(q, z).out(q),
            cast(q, gradient.as(extent), DataType.FLOAT));
  }

  private Op cast(Operand from, Operand to, DataType type) {
    return new Call(engine, "cast").in(from).out(to).integers(type.toInt());
  }

  private void addDots(Operand a, Operand b, int row) {
    Operand products = engine.wide().operand(rows, channels);
    before.add(new Call(engine, "multiply").in(a, b).out(products));
    before.add(
        new Call(engine, "matmul")
            .in(products, engine.ones().operand(channels, 1))
            .out(perRow(dots, row))
            .integers(0, 0, 0));
  }

  private Operand perRow(Memory memory, int row) {
    return Operand.dense(memory, (long) row * rows, rows, 1);
  }

  @Override
  public void run() {
    for (int i = 0; i < before.size(); i++) {
      before.get(i).run();
    }
    dots.get(0, taken, taken.length);
    double sum = 0;
    for (int row = 0; row < rows; row++) {
      sum += row(row);
    }
    factors.put(0, given, given.length);
    for (int i = 0; i < after.size(); i++) {
      after.get(i).run();
    }
    loss = sum;
  }

  @Override
  public void read(double[] to, int at) {
    to[at] = loss;
  }

  /** Takes a row's loss, and what q and z are multiplied with in its gradient. */
  private double row(int row) {
    double qq = taken[row];
    double zz = taken[rows + row];
    double perQ = 1 / Math.sqrt(Math.max(qq, LEAST_SQUARE));
    double perZ = 1 / Math.sqrt(Math.max(zz, LEAST_SQUARE));
    double cosine = taken[2 * rows + row] * perQ * perZ;
    given[row] = 2 * factor * (qq < LEAST_SQUARE ? 1 : cosine) * perQ * perQ;
    given[rows + row] = -2 * factor * perQ * perZ;
    return qq * perQ * perQ + zz * perZ * perZ - 2 * cosine;
  }
}
