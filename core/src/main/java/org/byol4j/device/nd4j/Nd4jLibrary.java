package org.byol4j.device.nd4j;

import java.util.Comparator;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import java.util.stream.StreamSupport;
import org.byol4j.device.DeviceUnavailableException;
import org.byol4j.device.HostMemory;
import org.nd4j.linalg.factory.Environment;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.factory.Nd4jBackend;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * ND4J and the backend of the class path that it ranks first, loaded once for the process. Where
 * that one does not run here, ND4J would take the next; this does not: who adds a backend wants it.
 */
final class Nd4jLibrary {

  private static final int UNKNOWN = -1;

  private final Environment environment;
  private final NativeOps natives;
  private final int mostThreads;
  private final String backend;
  private final boolean isOnGpu;
  private final String built;

  /** How many threads ND4J's operations use on the calling thread. */
  private final ThreadLocal<int[]> current = ThreadLocal.withInitial(() -> new int[] {UNKNOWN});

  /** The same for what is shared by the process. */
  private volatile int inProcess = UNKNOWN;

  private Nd4jLibrary() {
    Nd4jBackend first = first();
    requireAvailable(first);
    environment = Nd4j.getEnvironment();
    natives = NativeOpsHolder.getInstance().getDeviceNativeOps();
    mostThreads = environment.maxThreads();
    backend = first.getClass().getSimpleName();
    isOnGpu = isForGpu(first);
    built = Nd4j.getBackend().buildInfo().strip().replaceAll("\\s*\\R\\s*", ", ");
  }

  /**
   * Loads ND4J, the first time.
   *
   * @throws DeviceUnavailableException if it has no backend that runs here, saying what is missing
   */
  static Nd4jLibrary load() {
    return Loaded.RESULT.get();
  }

  private static Supplier<Nd4jLibrary> attempt() {
    try {
      Nd4jLibrary library = new Nd4jLibrary();
      return () -> library;
    } catch (IllegalStateException | LinkageError e) {
      String reason = e instanceof IllegalStateException ? e.getMessage() : reason(e);
      return () -> {
        throw new DeviceUnavailableException(reason, e);
      };
    }
  }

  private static String reason(Throwable failure) {
    return ("cannot load ND4J: os=%s arch=%s; expected the natives of its backend for this system"
            + " on the class path: %s")
        .formatted(System.getProperty("os.name"), System.getProperty("os.arch"), rootOf(failure));
  }

  /** Whether the class path's first backend is one for GPUs; loads no natives. */
  static boolean isForGpu() {
    return highest().filter(Nd4jLibrary::isForGpu).isPresent();
  }

  private static Optional<Nd4jBackend> highest() {
    return StreamSupport.stream(ServiceLoader.load(Nd4jBackend.class).spliterator(), false)
        .max(Comparator.comparingInt(Nd4jBackend::getPriority));
  }

  private static Nd4jBackend first() {
    return highest()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "ND4J has no backend on the class path: expected org.nd4j:nd4j-native and its"
                        + " natives, or those of the profile nd4j-cuda"));
  }

  private static void requireAvailable(Nd4jBackend backend) {
    if (isForGpu(backend)) {
      GpuDriver.requireGpuForNd4j();
    }
    try {
      if (backend.isAvailable()) {
        return;
      }
    } catch (RuntimeException | LinkageError e) {
      throw unavailable(backend, rootOf(e).toString(), e);
    }
    throw unavailable(backend, "it says so", null);
  }

  private static boolean isForGpu(Nd4jBackend backend) {
    return backend.getPriority() == Nd4jBackend.BACKEND_PRIORITY_GPU;
  }

  private static IllegalStateException unavailable(
      Nd4jBackend backend, String why, Throwable cause) {
    return new IllegalStateException(
        ("ND4J's backend %s does not run here: %s; expected the libraries that it was built for"
                + " where the loader finds them, such as in LD_LIBRARY_PATH")
            .formatted(backend.getClass().getSimpleName(), why),
        cause);
  }

  private static Throwable rootOf(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  /** ND4J's own name of the backend. */
  String backend() {
    return backend;
  }

  /** Whether it computes, and keeps its memory, on a GPU. */
  boolean isOnGpu() {
    return isOnGpu;
  }

  /** What memory the calling thread's GPU has, as ND4J says. */
  HostMemory.Room roomOfGpu() {
    int gpu = Nd4j.getAffinityManager().getDeviceForCurrentThread();
    return new HostMemory.Room(natives.getDeviceFreeMemory(gpu), natives.getDeviceTotalMemory(gpu));
  }

  /** ND4J's number for the widest instructions of this processor. */
  int instructionLevel() {
    return natives.optimalLevel();
  }

  /** What the backend was built with. */
  String built() {
    return built;
  }

  /**
   * Makes operations that the calling thread runs use so many threads. The pool of ND4J's own loops
   * and that of BLAS belong to the process: devices that run at the same time need the same number.
   */
  void use(int threads) {
    int[] mine = current.get();
    // more than there are processors ND4J refuses without a word, and keeps what it had
    int masters = Math.min(threads, mostThreads);
    // gradients that are encoded have a say in the limit, too
    if (mine[0] == threads && inProcess == threads && environment.maxMasterThreads() == masters) {
      return;
    }
    natives.setOmpNumThreads(threads);
    environment.setMaxMasterThreads(masters);
    Nd4j.factory().blas().setMaxThreads(threads);
    mine[0] = threads;
    inProcess = threads;
  }

  private static final class Loaded {
    static final Supplier<Nd4jLibrary> RESULT = attempt();
  }
}
