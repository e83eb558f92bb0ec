package org.byol4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/** A device under test and the reference, driven alike: same tensors, same operations. */
final class TwinDevices implements AutoCloseable {

  /** What surrounds every tensor, so that a write beyond its end is seen. */
  private static final float FENCE = 77f;

  /** The same tensor on both devices, somewhere within a larger one. */
  record Twin(Tensor tested, Tensor reference, Tensor aroundTested, Tensor aroundReference) {

    Shape shape() {
      return tested.shape();
    }

    /** The same view of both. */
    Twin view(long offset, Shape shape) {
      return new Twin(
          tested.view(offset, shape), reference.view(offset, shape), aroundTested, aroundReference);
    }
  }

  /**
   * The largest errors that are allowed, relative to the largest value of a result.
   *
   * @param operation of any operation but those below
   * @param localStatistics of {@link BatchNorm#forwardLocal} and its backward pass
   * @param wideConvolution of convolutions of many channels
   */
  record Tolerances(double operation, double localStatistics, double wideConvolution) {}

  /** One of the two devices, and its half of each twin. */
  interface Side {
    Device device();

    Tensor of(Twin twin);
  }

  private final Device tested;
  private final Side testedSide;
  private final ReferenceDevice reference = new ReferenceDevice();
  private final Tolerances tolerances;
  private final SplittableRandom random = new SplittableRandom(20062020);

  TwinDevices(Device tested, Tolerances tolerances) {
    this.tested = tested;
    this.testedSide =
        new Side() {
          @Override
          public Device device() {
            return tested;
          }

          @Override
          public Tensor of(Twin twin) {
            return twin.tested();
          }
        };
    this.tolerances = tolerances;
  }

  Tolerances tolerances() {
    return tolerances;
  }

  /** Normally distributed values. */
  Twin random(Shape shape) {
    return random(shape, 0, 1);
  }

  Twin random(Shape shape, double mean, double deviation) {
    return random(shape, mean, deviation, 0);
  }

  /** Normally distributed values that start {@code offset} elements into their memory. */
  Twin random(Shape shape, double mean, double deviation, int offset) {
    float[] values = new float[(int) shape.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (mean + deviation * random.nextGaussian());
    }
    return of(shape, offset, values);
  }

  /** Given values. */
  Twin of(Shape shape, float... values) {
    return of(shape, 0, values);
  }

  /** Normally distributed values at an odd place, as a slice of a flat buffer is. */
  Twin slice(Shape shape) {
    return random(shape, 0, 1, 13);
  }

  /** Sets elements of {@code twin} to 0 on both where the reference's {@code values} are small. */
  void clearWhereSmall(Twin values, double bound, Twin twin) {
    double[] deciding = reference.values(values.reference());
    float[] cleared = TensorValues.of(reference, twin.reference());
    for (int i = 0; i < cleared.length; i++) {
      if (Math.abs(deciding[i]) < bound) {
        cleared[i] = 0;
      }
    }
    tested.write(FloatBuffer.wrap(cleared), twin.tested());
    reference.write(FloatBuffer.wrap(cleared), twin.reference());
  }

  private Twin of(Shape shape, int offset, float... values) {
    int length = values.length;
    float[] around = new float[offset + length + 5];
    Arrays.fill(around, FENCE);
    System.arraycopy(values, 0, around, offset, length);
    Tensor aroundTested = tested.allocate(Shape.vector(around.length));
    Tensor aroundReference = reference.allocate(Shape.vector(around.length));
    tested.write(FloatBuffer.wrap(around), aroundTested);
    reference.write(FloatBuffer.wrap(around), aroundReference);
    return new Twin(
        aroundTested.view(offset, shape),
        aroundReference.view(offset, shape),
        aroundTested,
        aroundReference);
  }

  /** Does the same on both. */
  void run(Consumer<Side> program) {
    program.accept(testedSide);
    program.accept(referenceSide());
  }

  /** Does the same on both and expects the same answer. */
  void expectSame(double relativeError, ToDoubleFunction<Side> program) {
    double expected = program.applyAsDouble(referenceSide());
    double actual = program.applyAsDouble(testedSide);
    assertThat(Math.abs(actual - expected))
        .as("actual=%s expected=%s", actual, expected)
        .isLessThanOrEqualTo(relativeError * Math.abs(expected));
  }

  /** Expects that both hold the same, and that nothing around it was written. */
  void expectSame(String name, Twin twin) {
    expectSame(name, tolerances.operation(), twin);
  }

  void expectSame(String name, double relativeError, Twin twin) {
    expectSame(
        name,
        relativeError,
        reference.values(twin.reference()),
        widened(TensorValues.of(tested, twin.tested())));
    float[] around = TensorValues.of(tested, twin.aroundTested());
    double[] aroundExpected = reference.values(twin.aroundReference());
    for (int i = 0; i < around.length; i++) {
      if (aroundExpected[i] == FENCE && around[i] != FENCE) {
        fail("%s: wrote %s outside of the tensor, at element %d around it", name, around[i], i);
      }
    }
  }

  /** Expects that per-channel or per-tensor values of both are the same. */
  static void expectSame(String name, double relativeError, double[] expected, double[] actual) {
    double largest = 0;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      double error = Math.abs(actual[i] - expected[i]) / largest;
      if (!(error <= relativeError) && actual[i] != expected[i]) {
        fail(
            "%s[%d]: actual=%s expected=%s relativeError=%s allowed=%s",
            name, i, actual[i], expected[i], error, relativeError);
      }
    }
  }

  private static double[] widened(float[] values) {
    double[] widened = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      widened[i] = values[i];
    }
    return widened;
  }

  /** An element of what a {@link HostWindow} shows. */
  static float get(int elementBytes, ByteBuffer from, int index) {
    return elementBytes == Float.BYTES
        ? from.getFloat(index * Float.BYTES)
        : (float) from.getDouble(index * Double.BYTES);
  }

  /** Puts an element where a {@link HostWindow} takes it. */
  static void put(int elementBytes, ByteBuffer to, int index, float value) {
    if (elementBytes == Float.BYTES) {
      to.putFloat(index * Float.BYTES, value);
      return;
    }
    to.putDouble(index * Double.BYTES, value);
  }

  /** The device under test; the same object that {@link #run} hands out. */
  Side testedSide() {
    return testedSide;
  }

  private Side referenceSide() {
    return new Side() {
      @Override
      public Device device() {
        return reference;
      }

      @Override
      public Tensor of(Twin twin) {
        return twin.reference();
      }
    };
  }

  @Override
  public void close() {
    tested.close();
    reference.close();
  }
}
