package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A group of one GPU through {@link NcclLink}, on the driver for tests. */
@Tag("driver")
class NcclDriverTest {
  @TempDir private static Path cache;

  private NvidiaGpu gpu;

  @BeforeEach
  void open() {
    HostDriver.require();
    HostDriver.reset();
    gpu = new NvidiaGpu(0, 90, new CacheFolder(cache));
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(HostDriver.held(0)).isEqualTo("contexts=1");
    assertThat(HostDriver.heldByLibraries()).isZero();
    HostDriver.reset();
  }

  @Test
  void groupOfOneSendsItselfWhatItHas() {
    try (CudaDevice device = HostCuda.open("fp32", gpu)) {
      NcclOnGpuTest.expectSentToItself(device);
    }
  }

  @Test
  void groupIsConnectedByTheBytesOfItsIdAlone() {
    byte[] id = gpu.newLinkId();
    byte[] other = id.clone();
    other[id.length - 1]++;

    assertThatThrownBy(() -> gpu.link(other, 0, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("ncclCommInitRank: NCCL status=4 ");
    gpu.link(id, 0, 1).close();
    gpu.close();
  }

  @Test
  void exchangeIsNotDoneBeforeWhatWasStartedBeforeIt() {
    long from = gpu.allocate(100);
    long to = gpu.allocate(100);
    try (GpuLink link = gpu.link(gpu.newLinkId(), 0, 1)) {
      gpu.zero(from, 100);
      Routes routes = new Routes(1);
      routes.send(0, from, 100);
      routes.receive(0, to, 100);
      link.exchange(routes);
      assertThat(link.isDone()).isFalse();
      assertThat(link.isDone()).isTrue();
      assertThat(HostDriver.at(to).getByte(99)).isZero();
      assertThat(link.problem()).isEmpty();
      link.abort();
      assertThatThrownBy(() -> link.exchange(routes)).hasMessageContaining("was aborted");
    }
    gpu.free(from);
    gpu.free(to);
    gpu.close();
  }
}
