package org.byol4j.device.cuda;

import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceContractTest;
import org.junit.jupiter.api.Tag;

/** The contract on a GPU, in float32: docs/gpu.md says how to run it. */
@Tag("gpu")
class CudaDeviceOnGpuTest extends DeviceContractTest {

  @Override
  protected Device newDevice() {
    return CudaDevice.open(
        new ComputeSettings(
            "cuda", "fp32", 1, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO),
        "");
  }
}
