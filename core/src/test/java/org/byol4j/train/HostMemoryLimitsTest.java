package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.byol4j.collective.Collective;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceMemoryError;
import org.byol4j.device.HostFiles;
import org.byol4j.device.HostMemory;
import org.byol4j.device.nd4j.SmallNd4j;
import org.byol4j.device.onednn.SmallOnednn;
import org.byol4j.nn.NetworkSettings.Backbone;
import org.byol4j.nn.NetworkSettings.PaddingStyle;
import org.byol4j.nn.NetworkSettings.Stem;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A replica on a machine whose memory is too small for its batch. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HostMemoryLimitsTest {
  private static final int MEBIBYTE = 1 << 20;
  private static final int ROWS = 512;

  private static final Pattern PROPOSED = Pattern.compile("expected at most (\\d+) images");

  @TempDir private Path root;

  @ParameterizedTest
  @CsvSource({
    "onednn, 32",
    // the arena fits, but not what operations work with besides
    "onednn, 180",
    "nd4j, 64"
  })
  void batchThatIsProposedFits(String device, int mebibytes) {
    DeviceMemoryError error =
        catchThrowableOfType(DeviceMemoryError.class, () -> plan(device, mebibytes, ROWS));
    assertThat(error).hasMessageStartingWith("no memory on the device for a plan of batch=512");
    Matcher proposed = PROPOSED.matcher(error.getMessage());
    assertThat(proposed.find()).as(error.getMessage()).isTrue();
    int batch = Integer.parseInt(proposed.group(1));

    assertThat(batch).isBetween(8, ROWS - 1);
    assertThatCode(() -> plan(device, mebibytes, batch)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"onednn", "nd4j"})
  void refusalNamesTheSizesTheReasonAndTheKeys(String device) {
    DeviceMemoryError error =
        catchThrowableOfType(DeviceMemoryError.class, () -> plan(device, 32, ROWS));

    assertThat(error)
        .hasMessageContainingAll(
            "activationBytes=",
            "parameterBytes=" + error.memory().parameters(),
            "workspaceBytes=",
            "freeBytes=" + error.memory().free(),
            "totalBytes=" + error.memory().total(),
            "train.batch-size",
            "train.micro-batches",
            "cluster.replicas",
            "more than the machine or its control group has in all");
    assertThat(error.getMessage()).doesNotContain("javacpp", "\n");
    assertThat(error.memory().parameters()).isPositive();
  }

  /** A whole replica for so many rows on a machine with little memory beside what is in use. */
  private void plan(String name, int mebibytes, int rows) {
    HostMemory host = HostFiles.machine(root, Pointer.totalBytes() + (long) mebibytes * MEBIBYTE);
    Setup setup = Setup.of(Backbone.RESNET18, Stem.CIFAR, PaddingStyle.SAME, 32);
    try (Device device = name.equals("nd4j") ? SmallNd4j.open(host) : SmallOnednn.open(host);
        TinyReplica replica =
            new TinyReplica(device, Collective.single(), setup, rows, TinyReplica.Flaw.NONE)) {
      assertThat(replica.plan.predictions().shape().batch()).isEqualTo(rows);
    }
  }
}
