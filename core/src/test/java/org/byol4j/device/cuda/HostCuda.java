package org.byol4j.device.cuda;

import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;

/** The cuda device on a GPU made of the host, for tests of other packages. */
public final class HostCuda {
  private HostCuda() {}

  /** Whether this machine can compile the kernels for itself. */
  public static boolean isAvailable() {
    return HostKernels.areAvailable();
  }

  /** Opens one; the caller closes it. */
  public static Device open(String precision) {
    return open(precision, new HostGpu(HostGpu.Order.FORWARDS));
  }

  /** Opens one whose GPU has so much memory; the caller closes it. */
  public static Device open(String precision, long limitBytes) {
    return open(precision, new HostGpu(HostGpu.Order.FORWARDS, limitBytes));
  }

  /**
   * Opens one that says where it sits; the caller closes it.
   *
   * @param busId as no other one of the test has it
   */
  public static Device open(String precision, String busId) {
    return open(precision, new HostGpu(HostGpu.Order.FORWARDS, new Gpu.Place("this host", busId)));
  }

  static CudaDevice open(String precision, HostGpu gpu) {
    return new CudaDevice(
        new ComputeSettings("cuda", precision, 1, ComputeSettings.Convolution.AUTO), gpu);
  }
}
