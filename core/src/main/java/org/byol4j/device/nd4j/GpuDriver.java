package org.byol4j.device.nd4j;

import org.byol4j.device.nvidia.NvidiaDriver;

/** Which GPUs ND4J's CUDA backend runs on, asked of the driver before ND4J is. */
final class GpuDriver {

  /**
   * nd4j-cuda-11.6 holds machine code of 3.7 to 8.6, which runs on all of 8.x, and nothing else.
   */
  private static final int OLDEST = 37;

  private static final int NEWEST_MAJOR = 8;

  private GpuDriver() {}

  /**
   * @throws IllegalStateException if there is no driver, no GPU, or one that ND4J has no code for
   */
  static void requireGpuForNd4j() {
    int capability = NvidiaDriver.open("ND4J's CUDA backend").computeCapability(0);
    requireCode(capability / 10, capability % 10);
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
}
