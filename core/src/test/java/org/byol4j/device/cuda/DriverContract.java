package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceContractTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract through {@link NvidiaGpu} and the driver for tests; a closed device holds nothing.
 */
@Tag("driver")
abstract class DriverContract extends DeviceContractTest {
  @TempDir private static Path cache;

  @BeforeAll
  static void requireDriver() {
    HostDriver.require();
    HostDriver.reset();
  }

  @AfterAll
  static void nothingIsHeld() {
    assertThat(HostDriver.held(0)).isEqualTo("contexts=1");
    assertThat(HostDriver.heldByLibraries()).isZero();
    HostDriver.reset();
  }

  /** When the driver does what is started. */
  abstract HostDriver.Order order();

  /** What the device starts its work on. */
  Gpu gpu(NvidiaGpu nvidia) {
    return nvidia;
  }

  @Override
  protected Device newDevice() {
    HostDriver.order(order(), 7);
    return HostCuda.open("fp32", gpu(new NvidiaGpu(0, 90, new CacheFolder(cache))));
  }
}
