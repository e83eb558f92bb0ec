package org.byol4j.train;

import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceUnavailableException;
import org.byol4j.device.cuda.CudaDevice;
import org.byol4j.device.nd4j.Nd4jDevice;
import org.byol4j.device.onednn.OnednnDevice;

/** The devices that a configuration can name. */
public final class Devices {
  private Devices() {}

  /** Opens the device {@code settings.device()}, on the first GPU if it needs one. */
  public static Device open(ComputeSettings settings) {
    return open(settings, "");
  }

  /**
   * Opens the device {@code settings.device()}; the caller closes it.
   *
   * @param gpu the address of the GPU that it may use, if it needs one; empty for the first
   * @throws IllegalArgumentException if there is no such device, or it does not have what the
   *     settings ask for
   * @throws DeviceUnavailableException if it does not run here, saying what is missing
   */
  public static Device open(ComputeSettings settings, String gpu) {
    return switch (settings.device()) {
      case "onednn" -> new OnednnDevice(settings);
      case "nd4j" -> new Nd4jDevice(settings);
      case "cuda" -> CudaDevice.open(settings, gpu);
      default ->
          throw new IllegalArgumentException(
              "compute.device=%s, expected onednn, nd4j or cuda".formatted(settings.device()));
    };
  }

  /** Whether a device of these settings would compute on processors, with the machine's memory. */
  public static boolean areOnProcessors(ComputeSettings settings) {
    return switch (settings.device()) {
      case "cuda" -> false;
      case "nd4j" -> !Nd4jDevice.isForGpu();
      default -> true;
    };
  }
}
