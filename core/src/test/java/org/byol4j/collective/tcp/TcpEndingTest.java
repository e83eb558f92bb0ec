package org.byol4j.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.byol4j.collective.CollectiveFailures.expectAbortToWakeEverybody;
import static org.byol4j.collective.CollectiveFailures.whenRank1Leaves;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Replicas.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How groups begin and end: joining, aborting, leaving, interruption, closing. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class TcpEndingTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @RegisterExtension final OpenGroups groups = new OpenGroups();

  @Test
  void joiningNamesWhoIsMissingAndWhy() throws Exception {
    TcpSettings settings =
        new TcpSettings(
            0, 0, Duration.ofMillis(400), LONG, LONG, Duration.ZERO, 1024, Optional.empty());
    InetSocketAddress nobody;
    try (TcpEndpoint gone = TcpEndpoint.bind(InetAddress.getLoopbackAddress(), settings)) {
      nobody = gone.address();
    }
    try (TcpEndpoint endpoint = TcpEndpoint.bind(InetAddress.getLoopbackAddress(), settings)) {
      List<InetSocketAddress> addresses = List.of(nobody, endpoint.address());
      assertThatThrownBy(() -> endpoint.join(JobSecret.random(), 3, 1, addresses, Optional::empty))
          .isInstanceOf(CollectiveException.class)
          .hasMessageContaining("rank=1 join timed out: session=3 missing=[0] problems={0=")
          .hasMessageContaining("Connection refused")
          .hasMessageContaining("timeoutMs=400");
    }
  }

  @Test
  void abortWakesEverybodyWithTheReason() {
    expectAbortToWakeEverybody(groups.of(3));
  }

  @Test
  void reasonArrivesEvenIfTheReplicaClosesAtOnce() {
    List<Outcome<Integer>> outcomes =
        Replicas.outcomes(
            groups.of(2),
            collective -> {
              if (collective.rank() == 1) {
                collective.abort("no space left");
                collective.close();
                return 0;
              }
              collective.allReduceSum(new double[1]);
              return 0;
            });
    assertThat(outcomes.get(0).failure().get(0))
        .hasMessage(
            "allReduceSum failed: rank=0 size=2 sequence=1: aborted by rank=1: no space left");
  }

  @Test
  void replicaThatLeavesFailsThoseThatWaitForIt() {
    assertThat(whenRank1Leaves(groups.of(2)))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("rank=1 has left, rank=0 allReduceSum length=1");
  }

  @Test
  void replicaThatLeavesAfterTheLastOperationHarmsNobody() {
    for (int round = 0; round < 20; round++) {
      assertThat(
              Replicas.run(
                  groups.of(2),
                  collective -> {
                    try (collective) {
                      double[] values = {1};
                      collective.allReduceSum(values);
                      return values[0];
                    }
                  }))
          .containsExactly(2.0, 2.0);
    }
  }

  @Test
  void waitingReplicaAsksWhetherItsTaskIsToEnd() {
    AtomicReference<Optional<String>> interruption = new AtomicReference<>(Optional.empty());
    TcpGroup joined =
        TcpGroup.join(2, TcpGroup.SETTINGS, (rank, addresses) -> addresses, interruption::get);
    groups.close(joined);
    interruption.set(Optional.of("the task is killed"));
    List<Outcome<Integer>> outcomes =
        Replicas.outcomes(
            joined.collectives(),
            collective -> {
              if (collective.rank() == 0) {
                collective.allReduceSum(new double[1]);
              }
              return 0;
            });
    assertThat(outcomes.get(0).failure().get(0))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("interrupted: the task is killed");
  }

  @Test
  void interruptedReplicaFailsTheGroupAndStaysInterrupted() {
    List<Outcome<Boolean>> outcomes =
        Replicas.outcomes(
            groups.of(2),
            collective -> {
              if (collective.rank() == 0) {
                Thread.currentThread().interrupt();
              }
              assertThatThrownBy(() -> collective.allReduceSum(new double[1]))
                  .isInstanceOf(CollectiveException.class)
                  .hasMessageContaining("rank=0 allReduceSum length=1")
                  .hasMessageContaining("interrupted");
              return Thread.currentThread().isInterrupted() == (collective.rank() == 0);
            });
    assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome.result()).containsExactly(true));
  }

  @Test
  void closingEndsThreadsAndFreesThePort() throws Exception {
    TcpGroup group = TcpGroup.join(3, TcpGroup.SETTINGS);
    List<InetSocketAddress> addresses =
        group.endpoints().stream().map(TcpEndpoint::address).toList();
    group.close();
    assertThat(watches()).isZero();
    for (InetSocketAddress address : addresses) {
      TcpSettings samePort =
          new TcpSettings(
              address.getPort(),
              address.getPort(),
              LONG,
              LONG,
              LONG,
              Duration.ZERO,
              1024,
              Optional.empty());
      TcpEndpoint.bind(address.getAddress(), samePort).close();
    }
  }

  private static long watches() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("collective-watch"))
        .count();
  }
}
