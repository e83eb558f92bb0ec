package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Vector;
import org.byol4j.collective.tcp.OpenGroups;
import org.byol4j.collective.tcp.TcpSettings;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.cuda.HostGpu.Order;
import org.byol4j.paramserver.HostVector;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What crosses the bus between a GPU and its host when replicas exchange by TCP. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class PinnedStagingTest {
  /** More than sockets hold, so that chunks are sent in parts. */
  private static final int LENGTH = 6_000_000;

  private static final int CHUNK_BYTES = 1 << 19;

  @RegisterExtension private final OpenGroups groups = new OpenGroups();

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void everyByteThatIsSentOrSummedCrossesTheBusOnce(int size) {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
    Duration patience = Duration.ofSeconds(30);
    TcpSettings settings =
        new TcpSettings(
            0, 0, patience, patience, patience, Duration.ZERO, CHUNK_BYTES, Optional.empty());

    Replicas.run(groups.of(size, settings), group -> exchange(group, size));
  }

  private static boolean exchange(Collective group, int size) {
    HostGpu gpu = new HostGpu(Order.FORWARDS);
    long own = LENGTH / size * (long) Float.BYTES;
    long all = own * size;
    try (CudaDevice device = HostCuda.open("fp32", gpu);
        Tensor tensor = device.allocate(Shape.vector(LENGTH))) {
      Vector vector = new HostVector(device.host(tensor));
      long[] bounds = new long[size + 1];
      for (int rank = 0; rank <= size; rank++) {
        bounds[rank] = (long) LENGTH / size * rank;
      }
      group.reduceScatterSum(vector, bounds);
      // down: what goes to the others, and the own terms; up: the sums
      assertThat(gpu.exchangedBytes()).as("reduceScatterSum").isEqualTo(all + own);

      long before = gpu.exchangedBytes();
      group.allGather(vector, bounds);
      // down: the own range, once or for each of the others; up: theirs
      assertThat(gpu.exchangedBytes() - before)
          .as("allGather")
          .isBetween(all, own * (size - 1) + all - own);
      return true;
    }
  }
}
