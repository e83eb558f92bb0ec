package org.byol4j.paramserver.sharing;

import java.nio.FloatBuffer;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The values of an array of ND4J as memory of the host, which is the array's own where the backend
 * computes there; ND4J's conversions to and from Java's arrays would make copies.
 */
final class HostFloats {
  private final INDArray array;
  private final FloatBuffer values;

  /** Of a whole array of float32 that begins at its buffer's first element. */
  HostFloats(INDArray array) {
    this.array = array;
    this.values = array.data().asNioFloat();
  }

  /** Gives the array the values {@code from}. */
  void write(float[] from) {
    values.put(0, from);
    Nd4j.getAffinityManager().tagLocation(array, Location.HOST);
  }

  /** Copies the array's values to {@code to}. */
  void read(float[] to) {
    Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
    values.get(0, to);
  }
}
