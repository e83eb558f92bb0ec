package org.byol4j.device.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.byol4j.device.nvidia.NvidiaDriver;

/**
 * What the device {@code cuda} finds on a machine, piece by piece, also where it finds nothing. Of
 * each library only the function that tells its version is called, after it was looked up.
 */
public final class CudaInventory {
  private static final int DEFAULT_LINE = 13;
  private static final Path DRIVER_VERSION = Path.of("/proc/driver/nvidia/version");
  private static final Pattern DRIVER_RELEASE = Pattern.compile("\\b(\\d{3,}\\.\\d+(\\.\\d+)?)\\b");
  private static final double MEGABYTE = 1 << 20;

  private final List<Part> parts = new ArrayList<>();
  private OptionalInt capability = OptionalInt.empty();
  private int gpus;

  /**
   * One thing that was looked for.
   *
   * @param name what it is
   * @param state what was found, or what is wrong with it and what to do
   * @param isGood whether it is there and will do
   */
  public record Part(String name, String state, boolean isGood) {}

  private CudaInventory() {}

  /**
   * Looks at everything.
   *
   * @param gpu the address of the GPU as Spark gives it; empty for the first
   */
  public static CudaInventory look(String gpu) {
    CudaInventory inventory = new CudaInventory();
    int line = inventory.classes();
    inventory.look("driver", () -> inventory.driver(line));
    inventory.look("gpu", () -> inventory.gpu(gpu));
    for (CudaLibrary library : CudaLibrary.needed(line)) {
      inventory.look(library.file(), library::require);
    }
    return inventory;
  }

  /** NCCL, which replicas need only to exchange gradients from GPU to GPU. */
  public static Part nccl() {
    CudaInventory inventory = new CudaInventory();
    inventory.look("libnccl.so.2", CudaRuntime::requireNccl);
    return inventory.parts.get(0);
  }

  /** What was looked for, in the order in which one thing needs another. */
  public List<Part> parts() {
    return List.copyOf(parts);
  }

  /** The compute capability of the GPU, such as 90; empty if there is none that can be asked. */
  public OptionalInt capability() {
    return capability;
  }

  /** How many GPUs this process may see. */
  public int gpus() {
    return gpus;
  }

  /** Whether nothing is missing. */
  public boolean isComplete() {
    return parts.stream().allMatch(Part::isGood);
  }

  private int classes() {
    ClassLoader loader = CudaInventory.class.getClassLoader();
    int[] line = {DEFAULT_LINE};
    look(
        "org.bytedeco:cuda",
        () -> {
          line[0] = CudaRuntime.requireClasses(loader);
          return CudaRuntime.version(loader);
        });
    return line[0];
  }

  private String driver(int line) {
    NvidiaDriver driver = NvidiaDriver.open(CudaRuntime.USER);
    int version = driver.cudaVersion();
    gpus = driver.gpus();
    CudaRuntime.requireDriver(version, line);
    return "%s, serves CUDA %d.%d".formatted(release(), version / 1000, version % 1000 / 10);
  }

  private static String release() {
    try {
      Matcher release = DRIVER_RELEASE.matcher(Files.readString(DRIVER_VERSION));
      return release.find() ? release.group(1) : "of unknown release";
    } catch (IOException e) {
      // containers may hide it
      return "of unknown release";
    }
  }

  private String gpu(String address) {
    int number = CudaRuntime.numberOf(address);
    NvidiaDriver driver = NvidiaDriver.open(CudaRuntime.USER);
    CudaRuntime.requireGpu(number, driver.gpus());
    int found = driver.computeCapability(number);
    capability = OptionalInt.of(found);
    CudaRuntime.requireCapability(number, found);
    NvidiaDriver.Memory memory = driver.memory(number);
    return "%s, number %d of %d at %s, compute capability %d.%d, %.0f of %.0f MiB free"
        .formatted(
            driver.name(number),
            number,
            driver.gpus(),
            driver.busId(number),
            found / 10,
            found % 10,
            memory.freeBytes() / MEGABYTE,
            memory.totalBytes() / MEGABYTE);
  }

  private void look(String name, Supplier<String> found) {
    try {
      parts.add(new Part(name, found.get(), true));
    } catch (IllegalStateException | LinkageError e) {
      parts.add(new Part(name, e.getMessage(), false));
    }
  }
}
