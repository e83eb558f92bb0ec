package org.byol4j.train;

import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.onednn.OnednnDevice;

/** The devices that a configuration can name. */
public final class Devices {
  private Devices() {}

  /**
   * Opens the device {@code settings.device()}; the caller closes it.
   *
   * @throws IllegalArgumentException if there is no such device
   */
  public static Device open(ComputeSettings settings) {
    return switch (settings.device()) {
      case "onednn" -> new OnednnDevice(settings);
      default ->
          throw new IllegalArgumentException(
              "compute.device=%s, expected onednn".formatted(settings.device()));
    };
  }
}
