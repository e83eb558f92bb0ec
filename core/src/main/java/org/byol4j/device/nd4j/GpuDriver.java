package org.byol4j.device.nd4j;

import com.sun.jna.NativeLibrary;
import com.sun.jna.ptr.IntByReference;

/**
 * What the NVIDIA driver says of the machine, asked before ND4J is: its CUDA backend would fail
 * later, with the name of a file or an error number.
 */
final class GpuDriver {

  private static final String LIBRARY = "libcuda.so.1";

  // CUdevice_attribute of cuda.h
  private static final int COMPUTE_CAPABILITY_MAJOR = 75;
  private static final int COMPUTE_CAPABILITY_MINOR = 76;

  /**
   * nd4j-cuda-11.6 holds machine code of 3.7 to 8.6, which runs on all of 8.x, and nothing else.
   */
  private static final int OLDEST = 37;

  private static final int NEWEST_MAJOR = 8;

  private final NativeLibrary driver;

  private GpuDriver(NativeLibrary driver) {
    this.driver = driver;
  }

  /**
   * @throws IllegalStateException if there is no driver, no GPU, or one that ND4J has no code for
   */
  static void requireGpuForNd4j() {
    GpuDriver driver = open();
    driver.call("cuInit", 0);
    IntByReference value = new IntByReference();
    driver.call("cuDeviceGetCount", value);
    if (value.getValue() == 0) {
      throw new IllegalStateException("ND4J's CUDA backend needs a GPU: the driver sees none");
    }
    driver.call("cuDeviceGet", value, 0);
    int device = value.getValue();
    driver.call("cuDeviceGetAttribute", value, COMPUTE_CAPABILITY_MAJOR, device);
    int major = value.getValue();
    driver.call("cuDeviceGetAttribute", value, COMPUTE_CAPABILITY_MINOR, device);
    requireCode(major, value.getValue());
  }

  /**
   * @throws IllegalStateException unless ND4J's CUDA backend has code for a GPU of that kind
   */
  static void requireCode(int major, int minor) {
    if (10 * major + minor < OLDEST || major > NEWEST_MAJOR) {
      throw new IllegalStateException(
          ("ND4J's CUDA backend has no code for this GPU: computeCapability=%d.%d, expected 3.7 to"
                  + " 8.9; newer ones need compute.device=cuda")
              .formatted(major, minor));
    }
  }

  private static GpuDriver open() {
    try {
      return new GpuDriver(NativeLibrary.getInstance(LIBRARY));
    } catch (UnsatisfiedLinkError e) {
      throw noDriver(e);
    }
  }

  private static IllegalStateException noDriver(UnsatisfiedLinkError e) {
    return new IllegalStateException(
        "ND4J's CUDA backend needs an NVIDIA GPU and its driver: cannot load library=%s"
            .formatted(LIBRARY),
        e);
  }

  private void call(String function, Object... arguments) {
    int status;
    try {
      status = driver.getFunction(function).invokeInt(arguments);
    } catch (UnsatisfiedLinkError e) {
      throw noDriver(e);
    }
    if (status != 0) {
      throw new IllegalStateException(
          "ND4J's CUDA backend needs an NVIDIA GPU: the driver refuses %s: CUresult=%d"
              .formatted(function, status));
    }
  }
}
