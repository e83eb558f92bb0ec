package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * An {@link NvidiaGpu} on the driver for tests, opened before each test; after it that it holds
 * nothing when it is closed.
 */
final class DriverGpu implements BeforeEachCallback, AfterEachCallback {
  private static final int COUNT = 1000;

  /** What tests copy and fill. */
  static final long BYTES = (long) COUNT * Float.BYTES;

  /** What a device leaves that was closed: the process keeps its context. */
  static final String NOTHING = "contexts=1";

  private Path cache;
  private NvidiaGpu gpu;

  @Override
  public void beforeEach(ExtensionContext context) throws IOException {
    HostDriver.require();
    HostDriver.reset();
    cache = Files.createTempDirectory("byol4j-driver-cache");
    gpu = another(0);
  }

  @Override
  public void afterEach(ExtensionContext context) throws IOException {
    if (gpu == null) {
      return; // the test was skipped
    }
    gpu.close();
    try (Stream<Path> files = Files.list(cache)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(cache);
    assertThat(HostDriver.held(0)).isEqualTo(NOTHING);
    assertThat(HostDriver.heldByLibraries()).isZero();
    HostDriver.reset();
  }

  NvidiaGpu gpu() {
    return gpu;
  }

  /** One besides, on the GPU of that number; the caller closes it. */
  NvidiaGpu another(int number) {
    return new NvidiaGpu(number, 90, new CacheFolder(cache));
  }

  void closeAndOpenAgain() {
    gpu.close();
    gpu = another(0);
  }

  /** Pinned memory of so many bytes, each float of which is {@code value}. */
  BytePointer pinned(float value) {
    BytePointer memory = gpu.pinned(BYTES);
    FloatPointer floats = new FloatPointer(memory);
    for (int i = 0; i < COUNT; i++) {
      floats.put(i, value);
    }
    return memory;
  }

  /** The last of those floats. */
  static float last(BytePointer memory) {
    return new FloatPointer(memory).get(COUNT - 1);
  }

  /** Copies to the host, after everything that was started. */
  void bring(long from, BytePointer to) {
    Gpu.Exchange fetch = gpu.fetch();
    fetch.begin(from, to.address(), BYTES);
    fetch.await();
  }

  /** A kernel for {@link #fill}. */
  Gpu.Kernel filling() {
    return gpu.kernel("elementwise", Element.FP32, "fill");
  }

  /** Starts to fill memory by a kernel. */
  void fill(Gpu.Kernel kernel, float value, long address) {
    try (Arguments arguments = new Arguments()) {
      arguments.addFloat(value);
      arguments.addLong(address);
      arguments.addLong(COUNT);
      kernel.launch(4, 1, 256, 1, arguments);
    }
  }
}
