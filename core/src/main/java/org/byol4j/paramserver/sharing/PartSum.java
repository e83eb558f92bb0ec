package org.byol4j.paramserver.sharing;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The sum of what replicas have sent in a step, in memory that is used again. */
public final class PartSum implements AutoCloseable {
  private final INDArray values;
  private final HostFloats host;

  /** Makes a sum of {@code elements} elements, all 0. */
  public PartSum(int elements) {
    LoadedNd4j.require();
    this.values = Nd4j.create(DataType.FLOAT, elements);
    this.host = new HostFloats(values);
  }

  /** Begins another sum. */
  public void clear() {
    values.assign(0);
  }

  /** Adds what {@code part} decodes to. */
  public void add(EncodedPart part) {
    part.addTo(values);
  }

  /** Copies the sum to {@code to}, which has as many elements. */
  public void read(float[] to) {
    host.read(to);
  }

  @Override
  public void close() {
    values.close();
  }
}
