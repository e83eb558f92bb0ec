package org.byol4j.device.cuda;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * One of NVIDIA's libraries: its file, the packages that it comes in, and which versions will do.
 * Only the function that tells the version is called here, and looked up before.
 *
 * @param file as the loader looks for it
 * @param packages apt's and pip's names
 * @param versionOf asks a loaded library for its version, as its own header writes it
 * @param text that version as people write it
 * @param requirement throws an {@link IllegalStateException} for a version that will not do
 */
record CudaLibrary(
    String file,
    String packages,
    Function<NativeLibrary, Long> versionOf,
    Function<Long, String> text,
    LongConsumer requirement) {

  /** libraryPropertyType of library_types.h: MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL. */
  private static final int PROPERTIES = 3;

  /** From here on another thread may abort what a call hangs in. */
  private static final long OLDEST_NCCL = 21901;

  private static final int NCCL_MAJOR = 10_000;

  /**
   * What the device calls, in the order of dependence.
   *
   * @param line the major version of CUDA
   */
  static List<CudaLibrary> needed(int line) {
    return List.of(
        new CudaLibrary(
            "libcudart.so." + line,
            "cuda-cudart-%d-*, nvidia-cuda-runtime".formatted(line),
            library -> (long) byReference(library, "cudaRuntimeGetVersion"),
            version -> "%d.%d".formatted(version / 1000, version % 1000 / 10),
            version -> {}),
        new CudaLibrary(
            "libnvrtc.so." + line,
            "cuda-nvrtc-%d-*, nvidia-cuda-nvrtc".formatted(line),
            CudaLibrary::nvrtcVersion,
            version -> "%d.%d".formatted(version / 1000, version % 1000),
            version ->
                CudaRuntime.requireNvrtc((int) (version / 1000), (int) (version % 1000), line)),
        new CudaLibrary(
            "libcublas.so." + line,
            "libcublas-%d-*, nvidia-cublas".formatted(line),
            CudaLibrary::cublasVersion,
            CudaLibrary::threeParts,
            version -> {}),
        new CudaLibrary(
            "libcublasLt.so." + line,
            "libcublas-%d-*, nvidia-cublas".formatted(line),
            library -> library.getFunction("cublasLtGetVersion").invokeLong(new Object[0]),
            version ->
                "%d.%d.%d".formatted(version / 10_000, version % 10_000 / 100, version % 100),
            version -> CudaRuntime.requireCublas(version, line)),
        new CudaLibrary(
            "libcudnn.so.9",
            "libcudnn9-cuda-%1$d, nvidia-cudnn-cu%1$d".formatted(line),
            library -> library.getFunction("cudnnGetVersion").invokeLong(new Object[0]),
            version ->
                "%d.%d.%d".formatted(version / 10_000, version % 10_000 / 100, version % 100),
            CudaRuntime::requireCudnn));
  }

  /** What replicas exchange gradients by where each has a GPU of its own. */
  static CudaLibrary nccl(int line) {
    return new CudaLibrary(
        "libnccl.so.2",
        "libnccl2, nvidia-nccl-cu%d".formatted(line),
        library -> (long) byReference(library, "ncclGetVersion"),
        version ->
            "%d.%d.%d".formatted(version / NCCL_MAJOR, version % NCCL_MAJOR / 100, version % 100),
        CudaLibrary::requireNccl);
  }

  static void requireNccl(long version) {
    if (version < OLDEST_NCCL || version / NCCL_MAJOR != OLDEST_NCCL / NCCL_MAJOR) {
      throw new IllegalStateException(
          "found nccl=%d.%d.%d, expected 2.19.1 or a later 2.x"
              .formatted(version / NCCL_MAJOR, version % NCCL_MAJOR / 100, version % 100));
    }
  }

  /**
   * Loads it and looks at its version.
   *
   * @return the version as people write it, and the file that it was loaded from
   * @throws IllegalStateException if it cannot be loaded, or its version will not do
   */
  String require() {
    return "%s (%s)".formatted(requireVersion(), place());
  }

  /**
   * Loads it and looks at its version.
   *
   * @return the version as people write it
   * @throws IllegalStateException if it cannot be loaded, or its version will not do
   */
  String requireVersion() {
    NativeLibrary library;
    long version;
    try {
      library = NativeLibrary.getInstance(file);
      version = versionOf.apply(library);
    } catch (UnsatisfiedLinkError e) {
      throw new IllegalStateException(CudaRuntime.missing(file, packages), e);
    }
    requirement.accept(version);
    return text.apply(version);
  }

  /** The file that is mapped into this process. */
  private String place() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines
          .filter(line -> line.contains("/" + file))
          .map(line -> line.substring(line.indexOf('/')))
          .findFirst()
          .orElse(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot tell where %s was loaded from".formatted(file), e);
    }
  }

  private static int byReference(NativeLibrary library, String function) {
    int[] version = new int[1];
    library.getFunction(function).invokeInt(new Object[] {version});
    return version[0];
  }

  private static long nvrtcVersion(NativeLibrary library) {
    int[] major = new int[1];
    int[] minor = new int[1];
    library.getFunction("nvrtcVersion").invokeInt(new Object[] {major, minor});
    return 1000L * major[0] + minor[0];
  }

  private static long cublasVersion(NativeLibrary library) {
    long version = 0;
    for (int property = 0; property < PROPERTIES; property++) {
      int[] value = new int[1];
      library.getFunction("cublasGetProperty").invokeInt(new Object[] {property, value});
      version = 1000 * version + value[0];
    }
    return version;
  }

  private static String threeParts(long version) {
    return "%d.%d.%d".formatted(version / 1_000_000, version / 1000 % 1000, version % 1000);
  }
}
