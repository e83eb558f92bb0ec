package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.DeviceUnavailableException;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From the settings to a device, and what is said where that fails, on the driver for tests. */
@Tag("driver")
class CudaDeviceOpenDriverTest {
  @TempDir private Path cache;

  @BeforeEach
  void requireDriver() {
    HostDriver.require();
    HostDriver.reset();
    System.setProperty(CacheFolder.PROPERTY, cache.toString());
  }

  @AfterEach
  void reset() {
    System.clearProperty(CacheFolder.PROPERTY);
    HostDriver.reset();
  }

  private static CudaDevice open(String gpu, ComputeSettings.Graphs graphs) {
    return CudaDevice.open(
        new ComputeSettings("cuda", "fp32", 1, ComputeSettings.Convolution.AUTO, graphs), gpu);
  }

  @Test
  void deviceIsOpenedOnTheGpuOfThatNumberAndLeavesOnlyItsContext() {
    for (ComputeSettings.Graphs graphs : ComputeSettings.Graphs.values()) {
      try (CudaDevice device = open("1", graphs)) {
        assertThat(device.fingerprint())
            .containsEntry("gpu", "GPU of the host, for tests")
            .containsEntry("driver", "13010")
            .containsEntry("cudnn", "91900");
        assertThat(device.engine().gpu().place().busId()).isEqualTo("0000:00:01.0");
        Tensor tensor = device.allocate(Shape.vector(3));
        device.write(FloatBuffer.wrap(new float[] {1, 2, 3}), tensor);
        device.axpby(2, tensor, 0, tensor);
        FloatBuffer read = FloatBuffer.allocate(3);
        device.read(tensor, read);
        assertThat(read.array()).containsExactly(2, 4, 6);
      }
      assertThat(HostDriver.held(1)).isEqualTo("contexts=1");
    }
  }

  @Test
  void inventoryIsCompleteAndTakesNothing() {
    String before = HostDriver.held(0);

    CudaInventory inventory = CudaInventory.look("");

    assertThat(inventory.parts()).allMatch(CudaInventory.Part::isGood);
    assertThat(inventory.capability()).hasValue(90);
    assertThat(inventory.gpus()).isEqualTo(4);
    assertThat(inventory.parts().get(2).state())
        .startsWith("GPU of the host, for tests, number 0 of 4 at 0000:00:00.0")
        .contains("16384 of 16384 MiB free");
    assertThat(HostDriver.held(0)).isEqualTo(before);
  }

  @Test
  void gpuThatIsNotThereIsRefused() {
    assertThatThrownBy(() -> open("4", ComputeSettings.Graphs.AUTO))
        .isInstanceOf(DeviceUnavailableException.class)
        .hasMessageContaining("gpu=4, expected one of the 4");
  }

  @Test
  void libraryThatDoesNotStartMakesTheDeviceUnavailable() {
    HostDriver.failCudnn(1001);
    assertThatThrownBy(() -> open("", ComputeSettings.Graphs.AUTO))
        .isInstanceOf(DeviceUnavailableException.class)
        .hasMessageStartingWith("cudnnCreate: status=1001");
    HostDriver.failCudnn(0);
    HostDriver.failCublasLt(1);
    assertThatThrownBy(() -> open("", ComputeSettings.Graphs.AUTO))
        .isInstanceOf(DeviceUnavailableException.class)
        .hasMessage("cuBLASLt refuses cublasLtCreate: status=1");
  }

  @Test
  void deviceThatFindsNoMemoryToPinLeavesNothing() {
    HostDriver.fail("cuMemAllocHost", 0, 2);

    assertThatThrownBy(() -> open("1", ComputeSettings.Graphs.AUTO))
        .isInstanceOf(OutOfMemoryError.class)
        .hasMessageStartingWith("cannot pin memory of the host: bytes=");
    assertThat(HostDriver.held(1)).isEqualTo("contexts=1");
  }

  @Test
  void contextThatAnEarlierErrorHasBrokenMakesItUnavailable() {
    open("", ComputeSettings.Graphs.AUTO).close();
    HostDriver.breakContext(0, 700);

    assertThatThrownBy(() -> open("", ComputeSettings.Graphs.AUTO))
        .isInstanceOf(DeviceUnavailableException.class)
        .hasMessageContaining("gpu=0 is broken by an earlier error")
        .hasMessageContaining("must be started anew");
  }
}
