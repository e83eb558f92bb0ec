package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.ByteGather;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.CollectiveSettings;
import org.byol4j.collective.CollectiveSettings.Kind;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Replicas.Outcome;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.cuda.HostGpu.Order;
import org.byol4j.device.onednn.OnednnDevice;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is chosen of TCP and NCCL, and what is said of it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class GpuGroupTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Queue<String> said = new ConcurrentLinkedQueue<>();

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  /** Opens a replica's device. */
  @FunctionalInterface
  private interface Opening {
    Device open(int rank);
  }

  /** Whether each replica goes by NCCL. */
  private List<Outcome<Boolean>> chosen(Kind kind, boolean isEncrypted, Opening opening) {
    CollectiveSettings settings = new CollectiveSettings(kind, isEncrypted, PATIENCE);
    return Replicas.outcomes(
        LocalCollective.group(2, PATIENCE), group -> isNccl(group, settings, opening));
  }

  private boolean isNccl(Collective group, CollectiveSettings settings, Opening opening) {
    try (Device device = opening.open(group.rank());
        GpuGroup together = GpuGroup.of(group, device, settings, said::add)) {
      assertThat(together.collective().size()).isEqualTo(2);
      return together.collective() != group;
    }
  }

  private static Device on(String busId) {
    return HostCuda.open("fp32", new HostGpu(Order.FORWARDS, new Gpu.Place("host", busId)));
  }

  private static Device ownGpu(int rank) {
    return on("0000:0%d:00.0".formatted(rank));
  }

  private static Device sameGpu(int rank) {
    assertThat(rank).isLessThan(2);
    return on("0000:01:00.0");
  }

  private static Device processor(int rank) {
    assertThat(rank).isLessThan(2);
    return new OnednnDevice(
        new ComputeSettings(
            "onednn", "fp32", 1, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO));
  }

  @Test
  void replicasWithGpusOfTheirOwnGoByNccl() {
    expect(chosen(Kind.AUTO, false, GpuGroupTest::ownGpu), true);
    assertThat(said).containsExactly("replicas exchange by NCCL, from GPU to GPU");
    expect(chosen(Kind.NCCL, false, GpuGroupTest::ownGpu), true);
  }

  @Test
  void replicasThatShareAGpuGoByTcp() {
    expect(chosen(Kind.AUTO, false, GpuGroupTest::sameGpu), false);
    assertThat(said)
        .containsExactly(
            "replicas exchange by TCP, not by NCCL: rank=0 and rank=1 share the GPU at"
                + " 0000:01:00.0, expected one for each replica");
  }

  @Test
  void replicasThatShareAGpuAreRefusedNccl() {
    expectRefusal(
        chosen(Kind.NCCL, false, GpuGroupTest::sameGpu), "rank=0 and rank=1 share the GPU");
  }

  @Test
  void whoWantsTcpGetsIt() {
    expect(chosen(Kind.TCP, false, GpuGroupTest::ownGpu), false);
    assertThat(said).isEmpty();
  }

  @Test
  void whatHasToBeEncryptedGoesByTcp() {
    expect(chosen(Kind.AUTO, true, GpuGroupTest::ownGpu), false);
    expectRefusal(chosen(Kind.NCCL, true, GpuGroupTest::ownGpu), "NCCL does not encrypt");
  }

  @Test
  void replicasOnProcessorsGoByTcp() {
    expect(chosen(Kind.AUTO, false, GpuGroupTest::processor), false);
    assertThat(said).isEmpty();
    expectRefusal(
        chosen(Kind.NCCL, false, GpuGroupTest::processor),
        "rank=0 lacks what it needs: compute.device=onednn, expected cuda");
  }

  @Test
  void singleReplicaHasNothingToExchange() {
    try (Device device = ownGpu(0);
        GpuGroup alone =
            GpuGroup.of(
                Collective.single(),
                device,
                new CollectiveSettings(Kind.NCCL, false, PATIENCE),
                said::add)) {
      assertThat(alone.collective()).isSameAs(Collective.single());
    }
  }

  @Test
  void replicaThatIsLostWhileGpusConnectEndsTheWaitingOfTheOthers() {
    CountDownLatch isConnecting = new CountDownLatch(1);
    CollectiveSettings settings = new CollectiveSettings(Kind.AUTO, false, PATIENCE);
    List<Outcome<Boolean>> outcomes =
        Replicas.outcomes(
            LocalCollective.group(2, PATIENCE),
            group -> {
              if (group.rank() == 0) {
                return isNccl(
                    group,
                    settings,
                    rank ->
                        HostCuda.open(
                            "fp32",
                            new HostGpu(Order.FORWARDS)
                                .thatRunsWhenItConnects(isConnecting::countDown)));
              }
              // says what it has, hears the id, and is gone
              byte[] statement =
                  NcclChoice.Statement.can("host", "0000:09:00.0", "2.28.9").toBytes();
              ByteGather.of(group, statement, NcclChoice.MOST_BYTES);
              ByteGather.of(group, new byte[0], 128);
              isConnecting.await();
              group.abort("rank=1 fell over");
              return false;
            });

    assertThat(outcomes.get(0).failure().get(0))
        .isInstanceOf(CollectiveException.class)
        .hasMessageStartingWith("connecting GPUs failed: rank=0 size=2: ")
        .hasMessageContaining("rank=1 fell over");
  }

  @Test
  void gpuThatCannotConnectIsNamedOnAllReplicas() {
    List<Outcome<Boolean>> outcomes =
        chosen(
            Kind.AUTO,
            false,
            rank ->
                rank == 0
                    ? ownGpu(0)
                    : HostCuda.open(
                        "fp32",
                        new HostGpu(Order.FORWARDS, new Gpu.Place("host", "0000:01:00.0"))
                            .thatCannotConnect("NCCL status=1 unhandled cuda error")));

    for (Outcome<Boolean> outcome : outcomes) {
      assertThat(outcome.failure().get(0))
          .isInstanceOf(CollectiveException.class)
          .hasMessageContaining(
              "rank=1 cannot connect its GPU by NCCL: NCCL status=1 unhandled cuda error;"
                  + " collective.kind=tcp does without");
    }
  }

  private static void expect(List<Outcome<Boolean>> outcomes, boolean isNccl) {
    assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome.failure()).isEmpty());
    assertThat(outcomes)
        .allSatisfy(outcome -> assertThat(outcome.result()).containsExactly(isNccl));
  }

  private static void expectRefusal(List<Outcome<Boolean>> outcomes, String reason) {
    for (Outcome<Boolean> outcome : outcomes) {
      assertThat(outcome.failure().get(0))
          .isInstanceOf(NcclException.class)
          .hasMessageStartingWith("collective.kind=nccl cannot be had: ")
          .hasMessageContaining(reason);
    }
  }
}
