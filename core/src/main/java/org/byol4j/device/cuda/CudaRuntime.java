package org.byol4j.device.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Properties;
import org.byol4j.device.nvidia.NvidiaDriver;

/**
 * What the device needs of a machine, looked at before anything of it is called: a function that a
 * library lacks would end the process.
 */
final class CudaRuntime {

  static final String USER = "compute.device=cuda";
  private static final String ARTIFACT = "org.bytedeco:cuda";
  private static final String PROPERTIES = "META-INF/maven/org.bytedeco/cuda/pom.properties";
  private static final String CLASSES = "org/bytedeco/cuda/global/cudnn.class";
  private static final String NATIVES = "org/bytedeco/cuda/linux-x86_64/libjnicudnn.so";

  private static final String NCCL_NATIVES = "org/bytedeco/cuda/linux-x86_64/libjninccl.so";

  /** The lines of CUDA that this was compiled with (docs/gpu.md). */
  private static final List<Integer> LINES = List.of(12, 13);

  /** Turing: the oldest that CUDA 13 compiles for. */
  private static final int OLDEST_GPU = 75;

  /** Functions of cuDNN's graph API that are called here are in 9.5 and later. */
  private static final long OLDEST_CUDNN = 90500;

  private static final int CUDNN_MAJOR = 10_000;

  private static final int CUBLAS_MAJOR = 10_000;

  private CudaRuntime() {}

  /**
   * Sees to it that the device can be opened on GPU {@code gpu}; returns the GPU's compute
   * capability, such as 90.
   *
   * @throws IllegalStateException if something is missing, saying what, and where to get it
   */
  static int require(int gpu) {
    int line = requireClasses(CudaRuntime.class.getClassLoader());
    NvidiaDriver driver = NvidiaDriver.open(USER);
    requireDriver(driver.cudaVersion(), line);
    requireGpu(gpu, driver.gpus());
    int capability = driver.computeCapability(gpu);
    requireCapability(gpu, capability);
    requireLibraries(line);
    return capability;
  }

  /** The number of a GPU whose address Spark gives as text; the first where it gives none. */
  static int numberOf(String address) {
    if (address.isEmpty()) {
      return 0;
    }
    try {
      return Integer.parseInt(address);
    } catch (NumberFormatException e) {
      throw new IllegalStateException(
          "%s was given gpu=%s, expected a number, as discovery scripts of Spark print them"
              .formatted(USER, address),
          e);
    }
  }

  /**
   * Looks for the classes and their JNI libraries; returns the major version of CUDA that they are
   * of.
   */
  static int requireClasses(ClassLoader loader) {
    if (loader.getResource(CLASSES) == null) {
      throw new IllegalStateException(
          ("%s needs the classes of %s on the class path: build with -Pcuda, which puts them beside"
                  + " the jar (docs/gpu.md)")
              .formatted(USER, ARTIFACT));
    }
    if (loader.getResource(NATIVES) == null) {
      throw new IllegalStateException(
          ("%s needs the JNI libraries of %s, classifier linux-x86_64, on the class path: build with"
                  + " -Pcuda, which puts them beside the jar (docs/gpu.md); os=%s arch=%s")
              .formatted(
                  USER, ARTIFACT, System.getProperty("os.name"), System.getProperty("os.arch")));
    }
    return lineOf(version(loader));
  }

  static String version(ClassLoader loader) {
    try (InputStream in = loader.getResourceAsStream(PROPERTIES)) {
      Properties properties = new Properties();
      if (in != null) {
        properties.load(in);
      }
      return properties.getProperty("version", "unknown");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + PROPERTIES, e);
    }
  }

  /** The major version of CUDA of an artifact's version, such as 13 of 13.1-9.19-1.5.13. */
  static int lineOf(String version) {
    for (int line : LINES) {
      if (version.startsWith(line + ".")) {
        return line;
      }
    }
    throw new IllegalStateException(
        ("%s found %s in version=%s first on the class path, expected 12.x or 13.x; those of ND4J's"
                + " CUDA backend (-Pnd4j-cuda) cannot be beside them")
            .formatted(USER, ARTIFACT, version));
  }

  /** Any driver of the same major version or a later one serves a line of CUDA. */
  static void requireDriver(int cudaVersion, int line) {
    if (cudaVersion < 1000 * line) {
      throw new IllegalStateException(
          ("%s needs a newer NVIDIA driver: it serves cuda=%d.%d, expected at least %d.0, which is"
                  + " driver %s or later%s")
              .formatted(
                  USER,
                  cudaVersion / 1000,
                  cudaVersion % 1000 / 10,
                  line,
                  line == 13 ? "580" : "525",
                  line == 13
                      ? "; for drivers of the 12 line build with -Dcuda.version=12.9-9.10-1.5.12"
                      : ""));
    }
  }

  static void requireGpu(int gpu, int gpus) {
    if (gpu < 0 || gpu >= gpus) {
      throw new IllegalStateException(
          "%s was given gpu=%d, expected one of the %d that the driver sees, from 0 on"
              .formatted(USER, gpu, gpus));
    }
  }

  static void requireCapability(int gpu, int capability) {
    if (capability < OLDEST_GPU) {
      throw new IllegalStateException(
          ("%s does not support this GPU: gpu=%d computeCapability=%d.%d, expected at least 7.5"
                  + " (Turing); compute.device=nd4j has code for older ones")
              .formatted(USER, gpu, capability / 10, capability % 10));
    }
  }

  /**
   * Sees to it that NCCL can be called; returns its version.
   *
   * @throws IllegalStateException if it is missing, too old, or its JNI library is
   */
  static String requireNccl() {
    ClassLoader loader = CudaRuntime.class.getClassLoader();
    int line = requireClasses(loader);
    if (loader.getResource(NCCL_NATIVES) == null) {
      throw new IllegalStateException("the class path lacks " + NCCL_NATIVES);
    }
    return CudaLibrary.nccl(line).requireVersion();
  }

  private static void requireLibraries(int line) {
    CudaLibrary.needed(line).forEach(CudaLibrary::require);
  }

  static String missing(String file, String packages) {
    return ("%s cannot load library=%s: install its package (apt's and pip's names: %s) and let the"
            + " loader find it, by ldconfig or LD_LIBRARY_PATH=%s")
        .formatted(USER, file, packages, System.getenv().getOrDefault("LD_LIBRARY_PATH", ""));
  }

  static void requireNvrtc(int major, int minor, int line) {
    if (major != line) {
      throw new IllegalStateException(
          "%s found NVRTC of cuda=%d.%d, expected %d.x".formatted(USER, major, minor, line));
    }
  }

  /** Functions that are called here are in every version of both lines. */
  static void requireCublas(long version, int line) {
    if (version / CUBLAS_MAJOR != line) {
      throw new IllegalStateException(
          "%s found cublas=%d.%d.%d, expected %d.x"
              .formatted(
                  USER, version / CUBLAS_MAJOR, version % CUBLAS_MAJOR / 100, version % 100, line));
    }
  }

  static void requireCudnn(long version) {
    if (version < OLDEST_CUDNN || version / CUDNN_MAJOR != OLDEST_CUDNN / CUDNN_MAJOR) {
      throw new IllegalStateException(
          "%s found cudnn=%d.%d.%d, expected 9.5 or a later 9.x"
              .formatted(USER, version / CUDNN_MAJOR, version % CUDNN_MAJOR / 100, version % 100));
    }
  }
}
