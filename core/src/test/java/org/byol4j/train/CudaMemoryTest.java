package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.byol4j.collective.Collective;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceMemoryError;
import org.byol4j.device.cuda.HostCuda;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A replica on a GPU whose memory is too small for its batch. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CudaMemoryTest {
  private static final int MEBIBYTE = 1 << 20;

  private static final Pattern PROPOSED = Pattern.compile("expected at most (\\d+) images");

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  @ParameterizedTest
  @CsvSource({
    "fp32, 32",
    // the arena fits, but not what convolutions work with besides
    "fp32, 96",
    "bf16, 32"
  })
  void batchThatIsProposedFitsAndTwiceThatDoesNot(String precision, int mebibytes) {
    DeviceMemoryError error =
        catchThrowableOfType(DeviceMemoryError.class, () -> plan(precision, mebibytes, 4096));
    assertThat(error).hasMessageStartingWith("no memory on the device for a plan of batch=4096");
    Matcher proposed = PROPOSED.matcher(error.getMessage());
    assertThat(proposed.find()).as(error.getMessage()).isTrue();
    int batch = Integer.parseInt(proposed.group(1));

    assertThat(batch).isBetween(8, 4095);
    assertThatCode(() -> plan(precision, mebibytes, batch)).doesNotThrowAnyException();
    assertThatThrownBy(() -> plan(precision, mebibytes, 2 * batch))
        .isInstanceOf(DeviceMemoryError.class);
  }

  /** A whole replica for so many rows on a GPU with little memory. */
  private static void plan(String precision, int mebibytes, int rows) {
    Setup setup = Setup.small();
    try (Device device = HostCuda.open(precision, (long) mebibytes * MEBIBYTE);
        TinyReplica replica =
            new TinyReplica(device, Collective.single(), setup, rows, TinyReplica.Flaw.NONE)) {
      assertThat(replica.plan.predictions().shape().batch()).isEqualTo(rows);
    }
  }
}
