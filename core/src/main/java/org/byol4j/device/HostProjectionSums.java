package org.byol4j.device;

import java.nio.FloatBuffer;
import java.util.Arrays;

/** {@link ProjectionSums} taken on the host, of tensors that are copied there. */
final class HostProjectionSums implements Measure {
  private final Device device;
  private final Tensor predictions;
  private final Tensor projections;
  private final FloatBuffer predicted;
  private final FloatBuffer projected;
  private final double[] sums;

  HostProjectionSums(Device device, Tensor predictions, Tensor projections) {
    Shape shape = projections.shape();
    Arguments.requireElements(predictions, shape.elements(), "predictions");
    this.device = device;
    this.predictions = predictions;
    this.projections = projections;
    predicted = FloatBuffer.allocate(Math.toIntExact(shape.elements()));
    projected = FloatBuffer.allocate(Math.toIntExact(shape.elements()));
    sums = new double[ProjectionSums.length(shape.channels())];
  }

  @Override
  public void run() {
    device.read(predictions, predicted.clear());
    device.read(projections, projected.clear());
    Arrays.fill(sums, 0);
    ProjectionSums.add(predicted.clear(), projected.clear(), projections.shape().channels(), sums);
  }

  @Override
  public int length() {
    return sums.length;
  }

  @Override
  public void read(double[] to, int at) {
    System.arraycopy(sums, 0, to, at, sums.length);
  }
}
