package org.byol4j.device.nd4j;

import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.HostMemory;

/** The device on a machine with other memory than this one's, for tests of other packages. */
public final class SmallNd4j {
  private SmallNd4j() {}

  /** Opens one with two threads; the caller closes it. */
  public static Device open(HostMemory host) {
    return new Nd4jDevice(
        new ComputeSettings(
            "nd4j", "fp32", 2, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO),
        host);
  }
}
