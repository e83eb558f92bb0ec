package org.byol4j.device.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceMemory;
import org.byol4j.device.DeviceMemoryError;
import org.byol4j.device.HostFiles;
import org.byol4j.device.HostMemory;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said where native memory is not to be had, each time for its own reason. */
class OnednnMemoryTest {
  private static final int MEBIBYTE = 1 << 20;

  /** More than any machine has addresses for. */
  private static final Shape BEYOND_ALL = new Shape(1 << 20, 1 << 14, 1 << 14, 1 << 10);

  @TempDir private Path root;

  @Test
  void memoryThatTheSystemRefusesIsNotLaidToJavacppsLimit() {
    DeviceMemoryError error = refusal(new HostMemory(root), BEYOND_ALL);

    assertThat(error).hasMessageEndingWith(", the system refuses it");
    assertThat(error.getMessage()).doesNotContain("bytedeco");
  }

  @Test
  void javacppsLimitIsNamedWhereItIsTheReason() {
    long limit = Pointer.maxBytes();
    assumeTrue(limit > 0, "this JVM has a limit");

    DeviceMemoryError error =
        refusal(new HostMemory(root), Shape.matrix((int) (limit / MEBIBYTE), MEBIBYTE / 2));

    assertThat(error)
        .hasMessageEndingWith(
            ", JavaCPP's limit: raise -Dorg.bytedeco.javacpp.maxBytes, 0 for no limit")
        .hasMessageContaining("totalBytes=" + limit);
    assertThat(error.memory().free()).isLessThanOrEqualTo(limit - Pointer.totalBytes());
  }

  @Test
  void moreThanThereIsInAllIsRefusedBeforeItIsAskedFor() {
    HostMemory host = HostFiles.machine(root, Pointer.totalBytes() + 4L * MEBIBYTE);
    DeviceMemoryError error = refusal(host, Shape.vector(2 * MEBIBYTE));

    assertThat(error).hasMessageEndingWith("more than the machine or its control group has in all");
    assertThat(error).hasNoCause();
  }

  @Test
  void whatIsTakenIsToldByItsPurpose() {
    HostMemory host = HostFiles.machine(root, Pointer.totalBytes() + 16L * MEBIBYTE);
    try (Device device = SmallOnednn.open(host);
        Tensor weights = device.allocate(Shape.vector(1000));
        Tensor activations = device.allocateActivations(Shape.vector(2000))) {
      DeviceMemory memory =
          catchThrowableOfType(DeviceMemoryError.class, () -> device.allocate(BEYOND_ALL)).memory();

      assertThat(memory.parameters()).isEqualTo(weights.shape().elements() * Float.BYTES);
      assertThat(memory.activations()).isEqualTo(activations.shape().elements() * Float.BYTES);
      assertThat(memory.free()).isLessThan(16L * MEBIBYTE - 12_000);
    }
  }

  private static DeviceMemoryError refusal(HostMemory host, Shape shape) {
    try (Device device = SmallOnednn.open(host)) {
      return catchThrowableOfType(DeviceMemoryError.class, () -> device.allocate(shape));
    }
  }
}
