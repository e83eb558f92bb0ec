package org.byol4j.device.onednn;

import java.util.Arrays;
import org.byol4j.device.Op;

/** Adds the sum of a matrix's rows to a vector, in double. */
final class ColumnSums implements Op {

  private final NativeTensor rows;
  private final NativeTensor sum;
  private final float[] row;
  private final double[] total;

  ColumnSums(NativeTensor rows, NativeTensor sum) {
    this.rows = rows;
    this.sum = sum;
    row = new float[rows.shape().channels()];
    total = new double[row.length];
  }

  @Override
  public void run() {
    rows.memory().requireOpen();
    sum.memory().requireOpen();
    Arrays.fill(total, 0.0);
    for (long at = 0; at < rows.elements(); at += row.length) {
      rows.get(at, row, row.length);
      for (int c = 0; c < row.length; c++) {
        total[c] += row[c];
      }
    }
    sum.get(0, row, row.length);
    for (int c = 0; c < row.length; c++) {
      row[c] = (float) (row[c] + total[c]);
    }
    sum.put(0, row, row.length);
    sum.memory().changed();
  }
}
