package org.byol4j.train;

import java.nio.FloatBuffer;
import org.byol4j.collective.Collective;
import org.byol4j.device.Device;
import org.byol4j.device.ProjectionSums;
import org.byol4j.device.Tensor;
import org.byol4j.eval.CollapseMeasures;

/**
 * Looks at the predictions and projections of a step's last micro-batch, over the rows of all
 * replicas. All replicas call each method in lockstep.
 */
final class Projections {
  private final Device device;
  private final Collective collective;
  private final int width;
  private final FloatBuffer projections;
  private final CollapseMeasures measures;
  private final double[] stopRequests = new double[1];

  Projections(Device device, Collective collective, int rows, int width) {
    this.device = device;
    this.collective = collective;
    this.width = width;
    this.projections = FloatBuffer.allocate(rows * width);
    this.measures = new CollapseMeasures(width);
  }

  /**
   * Measures this replica's rows.
   *
   * @param sums see {@link ProjectionSums}
   */
  void measure(double[] sums) {
    System.arraycopy(sums, 0, measures.sums(), 0, sums.length);
    collective.allReduceSum(measures.sums());
  }

  /** The mean over features of the std of the normalized projections. */
  double featureStd() {
    return measures.featureStd();
  }

  /** The mean cosine between predictions and projections. */
  double cosine() {
    return measures.cosine();
  }

  /** Whether any replica wants to stop: all learn it in the same step. */
  boolean agreeToStop(boolean wantsToStop) {
    stopRequests[0] = wantsToStop ? 1 : 0;
    collective.allReduceSum(stopRequests);
    return stopRequests[0] > 0;
  }

  /**
   * Collects the projections of all replicas, in rank order, {@code [all rows, width]}.
   *
   * @param projection those of this replica
   * @param rowsOf the number of rows of each rank
   */
  FloatBuffer gather(Tensor projection, int[] rowsOf) {
    device.read(projection, projections.clear());
    projections.flip();
    int most = 0;
    int total = 0;
    for (int rows : rowsOf) {
      most = Math.max(most, rows);
      total += rows;
    }
    double[] mine = new double[most * width];
    for (int i = 0; i < projections.limit(); i++) {
      mine[i] = projections.get(i);
    }
    double[] all = new double[collective.size() * mine.length];
    collective.allGather(mine, all);
    FloatBuffer gathered = FloatBuffer.allocate(total * width);
    for (int rank = 0; rank < rowsOf.length; rank++) {
      for (int i = 0; i < rowsOf[rank] * width; i++) {
        gathered.put((float) all[rank * mine.length + i]);
      }
    }
    return gathered.flip();
  }
}
