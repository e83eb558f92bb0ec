package org.byol4j.device.cuda;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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

  /**
   * Opens one whose GPU is of a kind and knows ways to compute convolutions, of which it likes the
   * first best; the caller closes it.
   */
  public static Device openChoosing(String kind, String... ways) {
    return open("fp32", new HostGpu(HostGpu.Order.FORWARDS).thatKnows(kind, ways));
  }

  /**
   * A device whose GPU counts.
   *
   * @param waits how often the device has waited for it
   * @param starts how much was started, a recording as one
   * @param replays how often that was a recording
   */
  public record Counted(
      Device device, LongSupplier waits, LongSupplier starts, LongSupplier replays) {}

  /** Opens one that starts everything piece by piece; the caller closes it. */
  public static Counted openCounted(String precision) {
    HostGpu gpu = new HostGpu(HostGpu.Order.BACKWARDS);
    return new Counted(open(precision, gpu), gpu::waits, gpu::starts, () -> 0);
  }

  /** The same, which says where it sits and records what comes again. */
  public static Counted openCounted(String precision, String busId) {
    return replaying(
        precision, new HostGpu(HostGpu.Order.BACKWARDS, new Gpu.Place("this host", busId)));
  }

  /** The same as the first on a GPU that computes masked gradients of images at once. */
  public static Counted openFusing(String precision) {
    HostGpu gpu = new HostGpu(HostGpu.Order.BACKWARDS).thatFuses();
    return new Counted(open(precision, gpu), gpu::waits, gpu::starts, () -> 0);
  }

  /** Opens one that records what comes again; the caller closes it. */
  public static Counted openReplaying(String precision) {
    return replaying(precision, new HostGpu(HostGpu.Order.BACKWARDS));
  }

  /** The same on a GPU that computes masked gradients of images at once. */
  public static Counted openReplayingFusing(String precision) {
    return replaying(precision, new HostGpu(HostGpu.Order.BACKWARDS).thatFuses());
  }

  /**
   * Skips a test where there is no driver for tests, which then is in NVIDIA's place in this
   * process, and as in the beginning.
   */
  public static void requireDriver() {
    HostDriver.require();
    HostDriver.reset();
  }

  /**
   * Opens one on the driver for tests; the caller closes it. Counted are calls of the driver.
   *
   * @param gpu which one, from 0 to 3
   * @param cache where plans and kernels are kept
   * @param seed of the order in which the driver does what is started
   */
  public static Counted openOnDriver(
      String precision, int gpu, Path cache, boolean replaying, long seed) {
    HostDriver.order(HostDriver.Order.SHUFFLED, seed);
    NvidiaGpu nvidia = new NvidiaGpu(gpu, 90, new CacheFolder(cache));
    Gpu used = replaying ? new ReplayingGpu(nvidia, ReplayingGpu.Policy.USUAL) : nvidia;
    return new Counted(
        open(precision, used),
        () -> calls("cuStreamSynchronize", "cuEventSynchronize"),
        () -> calls("cuLaunchKernel", "cuGraphLaunch", "cuMemcpyAsync", "cuMemsetD8Async"),
        () -> calls("cuGraphLaunch"));
  }

  private static long calls(String... functions) {
    return Arrays.stream(functions).mapToLong(HostDriver::calls).sum();
  }

  /** What devices on the driver for tests that were closed have not freed: nothing if empty. */
  public static String leftOnDriver() {
    // the contexts are kept
    String left =
        IntStream.range(0, HostDriver.gpus())
            .mapToObj(gpu -> HostDriver.held(gpu).replace("contexts=1", ""))
            .collect(Collectors.joining());
    return HostDriver.heldByLibraries() == 0 ? left : left + " of libraries";
  }

  private static Counted replaying(String precision, HostGpu gpu) {
    ReplayingGpu replaying = new ReplayingGpu(gpu, ReplayingGpu.Policy.USUAL);
    return new Counted(open(precision, replaying), gpu::waits, gpu::starts, replaying::replays);
  }

  static CudaDevice open(String precision, Gpu gpu) {
    return new CudaDevice(
        new ComputeSettings(
            "cuda", precision, 1, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO),
        gpu);
  }
}
