package org.byol4j.device.onednn;

import com.sun.jna.Callback;
import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Function;
import com.sun.jna.FunctionMapper;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The OpenMP runtime that oneDNN's natives were linked to. Its thread count is a property of the
 * calling thread, so that each replica of a process drives a team of its own.
 *
 * <p>Java's loops run on the same teams: threads of our own would share the cores with those of the
 * team, which spin for a while after each parallel region.
 */
final class OpenMp {

  /** What each thread of a team runs. */
  @FunctionalInterface
  interface Region extends Callback {
    /**
     * Runs a thread's share.
     *
     * @param data what the region was entered with
     */
    void run(long data);
  }

  /**
   * The entry to parallel regions that compilers call; direct mapping, so that it allocates
   * nothing.
   */
  private static final class Entry {

    private static final Map<String, String> NAMES = Map.of("parallel", "GOMP_parallel");

    private Entry() {}

    private static void bind(String path) {
      FunctionMapper names = (library, method) -> NAMES.get(method.getName());
      Native.register(
          Entry.class,
          NativeLibrary.getInstance(path, Map.of(Library.OPTION_FUNCTION_MAPPER, names)));
    }

    private static native void parallel(Region region, long data, int threads, int flags);
  }

  /** How the system marks a mapped file that is no more. */
  private static final String DELETED = " (deleted)";

  private final Function setThreads;
  private final Function maxThreads;

  /** How many threads the calling thread's parallel regions have, 0 before the first call. */
  private final ThreadLocal<int[]> current = ThreadLocal.withInitial(() -> new int[1]);

  private OpenMp(NativeLibrary library) {
    setThreads = library.getFunction("omp_set_num_threads");
    maxThreads = library.getFunction("omp_get_max_threads");
  }

  /**
   * Finds the runtime among the libraries mapped into this process: opening it by its bare name
   * could load a second one, which oneDNN would not listen to.
   *
   * @throws IllegalStateException if none is mapped
   */
  static OpenMp mapped() {
    Path maps = Path.of("/proc/self/maps");
    try (Stream<String> lines = Files.lines(maps)) {
      String path =
          lines
              .filter(line -> line.indexOf('/') >= 0)
              .map(line -> line.substring(line.indexOf('/')))
              .filter(OpenMp::isRuntime)
              .findFirst()
              .map(OpenMp::openable)
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "no OpenMP runtime is mapped: expected libgomp or libiomp5 in " + maps));
      Entry.bind(path);
      return new OpenMp(NativeLibrary.getInstance(path));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + maps, e);
    }
  }

  /**
   * What opens a library that is mapped as {@code path}. Another JVM may have replaced the file in
   * JavaCPP's cache meanwhile; then it is the bare name, for which the loader looks among the
   * libraries of this process first, as it did for oneDNN.
   */
  static String openable(String path) {
    return path.endsWith(DELETED)
        ? path.substring(path.lastIndexOf('/') + 1, path.length() - DELETED.length())
        : path;
  }

  private static boolean isRuntime(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
    return name.startsWith("libgomp") || name.startsWith("libiomp5") || name.startsWith("libomp");
  }

  /** Makes parallel regions entered by the calling thread {@code threads} wide. */
  void use(int threads) {
    int[] mine = current.get();
    if (mine[0] == threads) {
      return;
    }
    setThreads.invokeVoid(new Object[] {threads});
    int actual = threads();
    if (actual != threads) {
      throw new IllegalStateException(
          "OpenMP refused the number of threads: threads=%d actual=%d".formatted(threads, actual));
    }
    mine[0] = threads;
  }

  /**
   * Lets the threads of a team that run a region stay known to the JVM, as daemons, when it ends:
   * to attach and detach them takes ten times as long as a short loop.
   */
  static Region attached(Region region) {
    Native.setCallbackThreadInitializer(
        region, new CallbackThreadInitializer(true, false, "onednn-team"));
    return region;
  }

  /** Runs a region on the calling thread and its team, and returns when all are done. */
  void parallel(Region region, int threads) {
    Entry.parallel(region, 0, threads, 0);
  }

  /** How wide parallel regions entered by the calling thread are. */
  int threads() {
    return maxThreads.invokeInt(new Object[0]);
  }
}
