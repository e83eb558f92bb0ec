package org.byol4j.device.nvidia;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;

/**
 * The NVIDIA driver of this machine, asked through {@code libcuda.so.1} alone: libraries that are
 * built on it fail later, with the name of a file or an error number, or end the process.
 */
public final class NvidiaDriver {

  private static final String LIBRARY = "libcuda.so.1";

  // CUdevice_attribute of cuda.h
  private static final int COMPUTE_CAPABILITY_MAJOR = 75;
  private static final int COMPUTE_CAPABILITY_MINOR = 76;

  // CUresult of cuda.h
  private static final int NO_DEVICE = 100;

  private static final int NAME_BYTES = 256;

  private final NativeLibrary library;
  private final String user;

  /** How much memory a GPU has, and how much of that nobody uses at the moment. */
  public record Memory(long totalBytes, long freeBytes) {}

  private NvidiaDriver(NativeLibrary library, String user) {
    this.library = library;
    this.user = user;
  }

  /**
   * Loads the driver and sees to it that it has a GPU.
   *
   * @param user who asks, the beginning of every error
   * @throws IllegalStateException if there is no driver, or it sees no GPU
   */
  public static NvidiaDriver open(String user) {
    try {
      NvidiaDriver driver = new NvidiaDriver(NativeLibrary.getInstance(LIBRARY), user);
      driver.call("cuInit", 0);
      if (driver.gpus() == 0) {
        throw new IllegalStateException(noGpu(user));
      }
      return driver;
    } catch (UnsatisfiedLinkError e) {
      throw new IllegalStateException(noDriver(user), e);
    }
  }

  /** The newest CUDA that it can serve, {@code 1000 * major + 10 * minor}. */
  public int cudaVersion() {
    IntByReference value = new IntByReference();
    call("cuDriverGetVersion", value);
    return value.getValue();
  }

  /** How many GPUs this process may see. */
  public int gpus() {
    IntByReference value = new IntByReference();
    call("cuDeviceGetCount", value);
    return value.getValue();
  }

  /** What kind of GPU number {@code gpu} is, such as 90 for a Hopper. */
  public int computeCapability(int gpu) {
    int device = device(gpu);
    IntByReference value = new IntByReference();
    call("cuDeviceGetAttribute", value, COMPUTE_CAPABILITY_MAJOR, device);
    int major = value.getValue();
    call("cuDeviceGetAttribute", value, COMPUTE_CAPABILITY_MINOR, device);
    return 10 * major + value.getValue();
  }

  /** The name of GPU number {@code gpu}, such as NVIDIA H200. */
  public String name(int gpu) {
    byte[] text = new byte[NAME_BYTES];
    call("cuDeviceGetName", text, text.length, device(gpu));
    return Native.toString(text);
  }

  /**
   * Where GPU number {@code gpu} sits in its machine, such as {@code 0000:3b:00.0}: the same for
   * all processes, whatever they may see.
   */
  public String busId(int gpu) {
    byte[] text = new byte[NAME_BYTES];
    call("cuDeviceGetPCIBusId", text, text.length, device(gpu));
    return Native.toString(text);
  }

  /** The memory of GPU number {@code gpu}, some of which asking takes for a moment. */
  public Memory memory(int gpu) {
    int device = device(gpu);
    PointerByReference context = new PointerByReference();
    LongByReference free = new LongByReference();
    LongByReference total = new LongByReference();
    call("cuDevicePrimaryCtxRetain", context, device);
    try {
      call("cuCtxPushCurrent_v2", context.getValue());
      try {
        call("cuMemGetInfo_v2", free, total);
      } finally {
        call("cuCtxPopCurrent_v2", new PointerByReference());
      }
    } finally {
      call("cuDevicePrimaryCtxRelease_v2", device);
    }
    return new Memory(total.getValue(), free.getValue());
  }

  private int device(int gpu) {
    IntByReference value = new IntByReference();
    call("cuDeviceGet", value, gpu);
    return value.getValue();
  }

  private void call(String function, Object... arguments) {
    int status = library.getFunction(function).invokeInt(arguments);
    if (status == NO_DEVICE) {
      throw new IllegalStateException(noGpu(user));
    }
    if (status != 0) {
      throw new IllegalStateException(refusal(user, function, status));
    }
  }

  static String noDriver(String user) {
    return "%s needs an NVIDIA GPU and its driver: cannot load library=%s".formatted(user, LIBRARY);
  }

  static String noGpu(String user) {
    return "%s needs a GPU: the driver sees none (CUDA_VISIBLE_DEVICES=%s)"
        .formatted(user, System.getenv().getOrDefault("CUDA_VISIBLE_DEVICES", "not set"));
  }

  static String refusal(String user, String function, int status) {
    return "%s needs an NVIDIA GPU: the driver refuses %s: CUresult=%d"
        .formatted(user, function, status);
  }
}
