package org.byol4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.byol4j.device.TwinDevices.Tolerances;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every device must do, held against {@link ReferenceDevice}: what is said here of memory, and
 * the contracts by kind of operation. A device's own test extends this and gives the device.
 */
public abstract class DeviceContractTest
    implements LinearMapContract,
        BatchNormContract,
        PoolingContract,
        ElementwiseContract,
        AtOnceContract {
  private TwinDevices twins;

  /** Returns a new device; the test closes it. */
  protected abstract Device newDevice();

  /** The largest error of an operation, relative to the largest value of its result. */
  protected double tolerance() {
    return 2e-6;
  }

  /** The same for {@link BatchNorm#forwardLocal}, whose statistics may be a library's own. */
  protected double localStatisticsTolerance() {
    return 2e-5;
  }

  /**
   * The same for convolutions of many channels, which may be of an algorithm that sums up larger
   * terms.
   */
  protected double wideConvolutionTolerance() {
    return 1e-5;
  }

  @BeforeEach
  void open() {
    twins =
        new TwinDevices(
            newDevice(),
            new Tolerances(tolerance(), localStatisticsTolerance(), wideConvolutionTolerance()));
  }

  @AfterEach
  void close() {
    twins.close();
  }

  @Override
  public TwinDevices twins() {
    return twins;
  }

  @Test
  void newMemoryIsZeroAndKeepsWhatIsWritten() {
    Device device = twins.testedSide().device();
    try (Tensor tensor = device.allocate(Shape.vector(100_001))) {
      assertThat(TensorValues.of(device, tensor)).containsOnly(0f);
      FloatBuffer from = FloatBuffer.wrap(new float[] {9, 1, 2, 3, 4}, 1, 4);
      device.write(from, tensor.view(50, Shape.vector(3)));
      assertThat(from.position()).isEqualTo(4);
      assertThat(TensorValues.of(device, tensor.view(49, Shape.vector(5))))
          .containsExactly(0, 1, 2, 3, 0);
      assertThat(
              TensorValues.of(device, tensor.view(40, Shape.vector(20)).view(11, Shape.vector(2))))
          .containsExactly(2, 3);
    }
  }

  @Test
  void viewsLieWithinTheirTensor() {
    Tensor tensor = twins.testedSide().device().allocate(Shape.matrix(3, 5));
    Tensor view = tensor.view(5, Shape.matrix(2, 5));
    assertThat(view.shape()).isEqualTo(Shape.matrix(2, 5));
    assertThatThrownBy(() -> tensor.view(6, Shape.vector(10)))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> tensor.view(-1, Shape.vector(2)))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> view.view(1, Shape.vector(10)))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void hostWindowShowsAndTakesElements() {
    Device device = twins.testedSide().device();
    Tensor tensor = device.allocate(Shape.vector(50));
    float[] values = new float[50];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    device.write(FloatBuffer.wrap(values), tensor);
    HostWindow window = device.host(tensor.view(10, Shape.vector(30)));
    assertThat(window.length()).isEqualTo(30);
    assertThat(window.elementBytes()).isEqualTo(device.elementBytes());
    ByteBuffer seen = window.read(5, 3);
    assertThat(seen.order()).isEqualTo(ByteOrder.nativeOrder());
    assertThat(seen.remaining()).isEqualTo(3 * window.elementBytes());
    assertThat(TwinDevices.get(window.elementBytes(), seen, 0)).isEqualTo(15);
    assertThat(TwinDevices.get(window.elementBytes(), seen, 2)).isEqualTo(17);
    ByteBuffer to = window.write(28, 2);
    assertThat(to.order()).isEqualTo(ByteOrder.nativeOrder());
    assertThat(to.remaining()).isEqualTo(2 * window.elementBytes());
    TwinDevices.put(window.elementBytes(), to, 0, -1);
    TwinDevices.put(window.elementBytes(), to, 1, -2);
    window.written(28, 2);
    assertThat(TensorValues.of(device, tensor.view(37, Shape.vector(4))))
        .containsExactly(37, -1, -2, 40);
  }

  @Test
  void operationOnAClosedTensorIsRefused() {
    Device device = twins.testedSide().device();
    Tensor x = device.allocate(Shape.matrix(4, 6));
    Tensor y = device.allocate(x.shape());
    Op add = device.add(x, x, y);
    add.run();
    x.close();
    assertThatThrownBy(add::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void tensorOfAnotherDeviceIsRefused() {
    Device device = twins.testedSide().device();
    Tensor mine = device.allocate(Shape.vector(3));
    try (Device other = newDevice()) {
      Tensor strange = other.allocate(Shape.vector(3));
      assertThatThrownBy(() -> device.copy(strange, mine))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("another device");
    }
  }

  @Test
  void tensorOfAnotherLengthIsRefused() {
    Device device = twins.testedSide().device();
    Tensor x = device.allocate(Shape.matrix(4, 6));
    Tensor longer = device.allocate(Shape.matrix(4, 7));
    assertThatThrownBy(() -> device.add(x, longer, x))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("b has shape=[4, 1, 1, 7] elements=28, expected 24 elements");
  }

  @Test
  void closingTwiceIsHarmless() {
    Device device = newDevice();
    Tensor tensor = device.allocate(Shape.vector(3));
    tensor.close();
    tensor.close();
    device.close();
    device.close();
  }
}
