package org.byol4j.device.nd4j;

import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceContractTest;

/** The contract on two threads. */
class Nd4jDeviceOnTwoThreadsTest extends DeviceContractTest {

  @Override
  protected Device newDevice() {
    return new Nd4jDevice(
        new ComputeSettings(
            "nd4j", "fp32", 2, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO));
  }
}
