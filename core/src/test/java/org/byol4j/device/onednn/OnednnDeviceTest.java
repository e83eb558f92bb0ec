package org.byol4j.device.onednn;

import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceContractTest;

/** The contract on one thread. */
class OnednnDeviceTest extends DeviceContractTest {

  @Override
  protected Device newDevice() {
    return new OnednnDevice(
        new ComputeSettings(
            "onednn", "fp32", 1, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO));
  }
}
