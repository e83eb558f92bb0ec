package org.byol4j.device.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A driver for tests in NVIDIA's place, with the parts of cuDNN, cuBLASLt, NVRTC and NCCL that are
 * called: {@code driver/*.cpp}, compiled once for the process and loaded before anything looks for
 * NVIDIA's. It has four GPUs, whose memory is the host's and whose kernels are {@link HostKernels}.
 * It is one for the process: a test that changes something about it calls {@link #reset}.
 */
final class HostDriver {
  private static final String RESOURCES = "driver/";
  private static final int TEXT_BYTES = 512;
  private static final long MEMORY_BYTES = 16L << 30;
  private static final int GPUS = 4;

  /** When work runs that may run. */
  enum Order {
    /** Before the call returns that starts it. */
    EARLY(0),
    /** When somebody waits for it, or for what comes after it. */
    LATE(1),
    /** At some call in between. */
    SHUFFLED(2);

    private final int code;

    Order(int code) {
      this.code = code;
    }
  }

  private HostDriver() {}

  /** How many GPUs it has. */
  static int gpus() {
    return GPUS;
  }

  /** Skips a test where the driver cannot be made. */
  static void require() {
    assumeTrue(HostKernels.areAvailable(), "g++ on x86-64 compiles a driver for tests");
    Libraries.load();
  }

  private static final class Libraries {
    /** By file; kept, since JNA unloads what nobody refers to. */
    private static final Map<String, NativeLibrary> LOADED = new HashMap<>();

    private static final NativeLibrary DRIVER;
    private static final NativeLibrary CUDNN;
    private static final NativeLibrary CUBLAS_LT;

    static {
      int line = CudaRuntime.requireClasses(HostDriver.class.getClassLoader());
      try {
        Path folder = Files.createTempDirectory("byol4j-host-driver");
        for (String header : List.of("machine", "contexts", "streams", "memory", "launches")) {
          copy(header + ".h", folder);
        }
        copy("other.h", folder);
        sources(line)
            .forEach((file, source) -> LOADED.put(file, compile(folder, source, file, line)));
        // what is loaded needs no name any more
        try (Stream<Path> files = Files.list(folder)) {
          for (Path file : files.toList()) {
            Files.delete(file);
          }
        }
        Files.delete(folder);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      DRIVER = LOADED.get("libcuda.so.1");
      CUDNN = LOADED.get("libcudnn.so.9");
      CUBLAS_LT = LOADED.get("libcublasLt.so." + line);
      tellOfKernels();
    }

    private Libraries() {}

    /** Does nothing but have this class made. */
    private static void load() {}

    /** Sources by the file that they become, in the order of dependence. */
    private static Map<String, String> sources(int line) {
      Map<String, String> sources = new LinkedHashMap<>();
      sources.put("libcuda.so.1", "driver.cpp");
      sources.put("libcudart.so." + line, "cudart.cpp");
      sources.put("libnvrtc.so." + line, "nvrtc.cpp");
      sources.put("libcublas.so." + line, "cublas.cpp");
      sources.put("libcublasLt.so." + line, "cublaslt.cpp");
      sources.put("libcudnn.so.9", "cudnn.cpp");
      sources.put("libnccl.so.2", "nccl.cpp");
      // what JavaCPP's JNI library of cuDNN names besides
      for (String part : List.of("cnn", "adv", "ops", "graph")) {
        sources.put("libcudnn_%s.so.9".formatted(part), "");
      }
      return sources;
    }

    /** Loads it too, with its symbols for all that comes later. */
    private static NativeLibrary compile(Path folder, String source, String file, int line) {
      List<String> command = new ArrayList<>(List.of("g++", "-std=c++17", "-O1"));
      command.addAll(List.of("-DCUDA_LINE=" + line, "-fvisibility=hidden", "-shared", "-fPIC"));
      command.addAll(List.of("-Wl,-soname," + file, "-o", folder.resolve(file).toString()));
      command.addAll(List.of("-x", "c++"));
      command.add(source.isEmpty() ? "/dev/null" : copy(source, folder).toString());
      String errors = HostKernels.run(command);
      if (!errors.isEmpty()) {
        throw new IllegalStateException("g++ refuses %s:\n%s".formatted(source, errors));
      }
      NativeLibrary.addSearchPath(file, folder.toString());
      return NativeLibrary.getInstance(file);
    }

    private static Path copy(String name, Path folder) {
      Path file = folder.resolve(name);
      try (InputStream in = HostDriver.class.getResourceAsStream(RESOURCES + name)) {
        Files.write(file, in.readAllBytes());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return file;
    }

    private static void tellOfKernels() {
      for (Element element : Element.values()) {
        NativeLibrary kernels = HostKernels.of(element);
        for (String file : KernelSource.FILES) {
          for (String name : HostKernels.names(file)) {
            call(
                "hostDriverKernel",
                element.name(),
                file,
                name,
                kernels.getFunction("launch_" + name),
                kernels.getFunction("parameters_" + name));
          }
        }
        CUDNN
            .getFunction("hostCudnnConvolutions")
            .invokeVoid(
                new Object[] {
                  element == Element.BF16 ? 1 : 0,
                  kernels.getFunction("convolve"),
                  kernels.getFunction("convolve_masked")
                });
      }
    }

    private static void call(String function, Object... arguments) {
      DRIVER.getFunction(function).invokeVoid(arguments);
    }

    private static long count(NativeLibrary library, String function, Object... arguments) {
      return library.getFunction(function).invokeLong(arguments);
    }

    private static String text(String function, Object... first) {
      byte[] text = new byte[TEXT_BYTES];
      Object[] arguments = new Object[first.length + 2];
      System.arraycopy(first, 0, arguments, 0, first.length);
      arguments[first.length] = text;
      arguments[first.length + 1] = text.length;
      call(function, arguments);
      return Native.toString(text);
    }
  }

  /** All is as in the beginning, whatever the test before has come to, but for kept contexts. */
  static void reset() {
    Libraries.call("hostDriverAbandon");
    order(Order.LATE, 1);
    for (int gpu = 0; gpu < GPUS; gpu++) {
      memory(gpu, MEMORY_BYTES);
    }
    failCudnn(0);
    failCublasLt(0);
  }

  /**
   * What was started is done, and what is started from now on runs in that order.
   *
   * @param seed what {@link Order#SHUFFLED} draws from
   */
  static void order(Order order, long seed) {
    Libraries.call("hostDriverOrder", order.code, seed);
  }

  /** Has a GPU have so much memory. */
  static void memory(int gpu, long bytes) {
    Libraries.call("hostDriverMemory", gpu, bytes);
  }

  /** Has one call of a function fail, after so many that do not. */
  static void fail(String function, int callsBefore, int status) {
    Libraries.call("hostDriverFail", function, callsBefore, status);
  }

  /** How often a function was called. */
  static long calls(String function) {
    return Libraries.count(Libraries.DRIVER, "hostDriverCalls", function);
  }

  /** Has every call in a GPU's context end with a status; 0 ends that. */
  static void breakContext(int gpu, int status) {
    Libraries.call("hostDriverBreak", gpu, status);
  }

  /** Has cuDNN not start, with a status of its own; 0 ends that. */
  static void failCudnn(int status) {
    Libraries.CUDNN.getFunction("hostCudnnFail").invokeVoid(new Object[] {status});
  }

  /** The same of cuBLASLt. */
  static void failCublasLt(int status) {
    Libraries.CUBLAS_LT.getFunction("hostCublasLtFail").invokeVoid(new Object[] {status});
  }

  /** How much was started and is not done. */
  static long undone() {
    return Libraries.count(Libraries.DRIVER, "hostDriverUndone");
  }

  /** What is not freed of what a GPU was asked for, such as {@code contexts=1 streams=2}. */
  static String held(int gpu) {
    return Libraries.text("hostDriverHeld", gpu);
  }

  /** Counts what is alive of a kind no more: a test has had it fail to be freed. */
  static void forget(int gpu, String kind) {
    Libraries.call("hostDriverForget", gpu, kind);
  }

  /** How many handles and descriptions of the libraries are not freed. */
  static long heldByLibraries() {
    return Libraries.count(Libraries.CUDNN, "hostCudnnHeld")
        + Libraries.count(Libraries.CUBLAS_LT, "hostCublasLtHeld")
        + Libraries.count(Libraries.LOADED.get("libnccl.so.2"), "hostNcclHeld");
  }

  /** What the last error was about. */
  static String why() {
    return Libraries.text("hostDriverWhy");
  }

  /** The bytes at an address, which are the host's too. */
  static Pointer at(long address) {
    return new Pointer(address);
  }
}
