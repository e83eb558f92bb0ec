package org.byol4j.device.onednn;

import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.HostMemory;

/** The device on a machine with other memory than this one's, for tests of other packages. */
public final class SmallOnednn {
  private SmallOnednn() {}

  /** Opens one with two threads; the caller closes it. */
  public static Device open(HostMemory host) {
    return new OnednnDevice(
        new ComputeSettings(
            "onednn", "fp32", 2, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO),
        host);
  }
}
