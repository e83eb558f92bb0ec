package org.byol4j.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.byol4j.collective.ArrayVector;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Replicas.Outcome;
import org.byol4j.collective.Replicas.Program;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the survivors are told. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class TcpFailureTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final List<AutoCloseable> opened = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable closeable : opened) {
      closeable.close();
    }
  }

  @Test
  void differentLengthsFailAllReplicasWithBoth() {
    expectAllToFail(
        group(2),
        collective -> {
          collective.allReduceSum(new double[collective.rank() == 1 ? 4 : 5]);
          return 0;
        },
        "replicas out of step: rank=0 allReduceSum length=5 elementBytes=8 sequence=1, "
            + "rank=1 allReduceSum length=4 elementBytes=8 sequence=1");
  }

  @Test
  void differentOperationsFailAllReplicasWithBoth() {
    expectAllToFail(
        group(2),
        collective -> {
          double[] values = new double[3];
          if (collective.rank() == 0) {
            collective.allReduceSum(values);
          } else {
            collective.allGather(values, new double[6]);
          }
          return 0;
        },
        "rank=0 allReduceSum length=3 elementBytes=8 sequence=1, "
            + "rank=1 allGather length=3 elementBytes=8 sequence=1");
  }

  @Test
  void differentBoundsFailAllReplicas() {
    expectAllToFail(
        group(3),
        collective -> {
          long[] bounds = {0, 1 + collective.rank() / 2, 3, 3};
          collective.allGather(ArrayVector.ofDoubles(1, 2, 3), bounds);
          return 0;
        },
        "replicas out of step");
  }

  @Test
  void livingReplicaThatIsLateFailsOnlyAfterTheProgressTimeout() {
    List<Collective> group =
        group(3, TcpGroup.settings(Duration.ofMillis(300), Duration.ofMillis(1200)));
    long start = System.nanoTime();
    List<Outcome<Integer>> outcomes =
        Replicas.outcomes(
            group,
            collective -> {
              if (collective.rank() != 1) {
                collective.allReduceSum(new double[2]);
              }
              return 0;
            });
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isGreaterThanOrEqualTo(Duration.ofMillis(1200));
    for (int rank : new int[] {0, 2}) {
      assertThat(outcomes.get(rank).failure().get(0))
          .isInstanceOf(CollectiveException.class)
          .hasMessageContaining("allReduceSum failed: rank=%d size=3 sequence=1: ", rank)
          .hasMessageContaining(
              "allReduceSum length=2 elementBytes=8 sequence=1 timed out: "
                  + "missing=[1] timeoutMs=1200");
    }
    // what the others sent in time is enough for the first one
    assertThatThrownBy(
            () -> {
              group.get(1).allReduceSum(new double[2]);
              group.get(1).allReduceSum(new double[2]);
            })
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("timed out: missing=[1]");
  }

  @Test
  void silentReplicaIsGivenUpAfterThePeerTimeout() {
    AtomicReference<FaultyNetwork> network = new AtomicReference<>();
    List<Collective> group =
        group(3, TcpGroup.settings(Duration.ofMillis(700), LONG), network, new Random(1), 0);
    List<Outcome<Integer>> outcomes =
        Replicas.outcomes(
            group,
            collective -> {
              collective.allReduceSum(new double[2]);
              if (collective.rank() == 2) {
                network.get().swallow(2);
              }
              // the one that is cut off may still have what the others sent before
              collective.allReduceSum(new double[2]);
              collective.allReduceSum(new double[2]);
              return 0;
            });
    for (int rank : new int[] {0, 1}) {
      assertThat(outcomes.get(rank).failure().get(0))
          .isInstanceOf(CollectiveException.class)
          .hasMessageMatching(
              "allReduceSum failed: rank=%d size=3 sequence=[12]: ".formatted(rank)
                  + "rank=2 is silent, dead, frozen or cut off: peerTimeoutMs=700");
    }
    assertThat(outcomes.get(2).failure()).hasSize(1);
  }

  @Test
  void lateAndChoppedBytesChangeNothing() {
    long seed = System.nanoTime();
    System.out.println("lateAndChoppedBytesChangeNothing seed=" + seed);
    AtomicReference<FaultyNetwork> network = new AtomicReference<>();
    List<Collective> group = group(3, TcpGroup.SETTINGS, network, new Random(seed), 0.2);
    Program<double[]> program =
        collective -> {
          double[] sums = new double[50];
          for (int i = 0; i < sums.length; i++) {
            double[] values = {1.0 / (1 + i + collective.rank()), i};
            collective.allReduceSum(values);
            sums[i] = values[0] + values[1];
          }
          return sums;
        };
    double[] expected = Replicas.run(LocalCollective.group(3, LONG), program).get(0);
    for (double[] actual : Replicas.run(group, program)) {
      assertThat(actual).containsExactly(expected);
    }
  }

  @Test
  void crashAtAnyOperationIsToldToAllSurvivorsAtOnce() {
    long seed = System.nanoTime();
    System.out.println("crashAtAnyOperationIsToldToAllSurvivorsAtOnce seed=" + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 5; round++) {
      int victim = random.nextInt(3);
      int crash = 1 + random.nextInt(40);
      AtomicReference<FaultyNetwork> network = new AtomicReference<>();
      AtomicReference<Long> crashed = new AtomicReference<>(0L);
      List<Collective> group = group(3, TcpGroup.settings(LONG, LONG), network, random, 0);
      List<Outcome<Integer>> outcomes =
          Replicas.outcomes(
              group,
              collective -> {
                for (int i = 1; i < 50; i++) {
                  if (collective.rank() == victim && i == crash) {
                    crashed.set(System.nanoTime());
                    network.get().cut(victim);
                  }
                  if (i % 3 == 0) {
                    collective.reduceScatterSum(
                        ArrayVector.ofDoubles(new double[1000]), new long[] {0, 300, 600, 1000});
                  } else {
                    collective.allReduceSum(new double[20]);
                  }
                }
                return 0;
              });
      assertThat(Duration.ofNanos(System.nanoTime() - crashed.get()))
          .as("victim=%d crash=%d", victim, crash)
          .isLessThan(Duration.ofSeconds(2));
      for (int rank = 0; rank < 3; rank++) {
        assertThat(outcomes.get(rank).failure())
            .singleElement()
            .satisfies(failure -> assertThat(failure).isInstanceOf(CollectiveException.class));
        if (rank != victim) {
          assertThat(outcomes.get(rank).failure().get(0))
              .as("seed=%d round=%d", seed, round)
              .hasMessageMatching(
                  ".* failed: rank=%d size=3 sequence=(%d|%d): rank=. is lost: .*"
                      .formatted(rank, crash - 1, crash));
        }
      }
    }
  }

  @Test
  void abortWakesEverybodyWithTheReason() {
    expectAllToFail(
        group(3),
        collective -> {
          if (collective.rank() == 2) {
            collective.abort("gradient of conv1 is NaN");
          }
          collective.allReduceSum(new double[2]);
          return 0;
        },
        "aborted by rank=2: gradient of conv1 is NaN");
  }

  @Test
  void reasonArrivesEvenIfTheReplicaClosesAtOnce() {
    List<Outcome<Integer>> outcomes =
        Replicas.outcomes(
            group(2),
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
    List<Outcome<Integer>> outcomes =
        Replicas.outcomes(
            group(2),
            collective -> {
              if (collective.rank() == 1) {
                collective.close();
                return 0;
              }
              collective.allReduceSum(new double[1]);
              return 0;
            });
    assertThat(outcomes.get(0).failure().get(0))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("rank=1 has left, rank=0 allReduceSum length=1");
  }

  @Test
  void replicaThatLeavesAfterTheLastOperationHarmsNobody() {
    for (int round = 0; round < 20; round++) {
      assertThat(
              Replicas.run(
                  group(2),
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
    opened.add(joined);
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
            group(2),
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
  void wrongBoundsAreRefusedBeforeAnybodyWaits() {
    Collective collective = group(2).get(0);
    for (long[] bounds : new long[][] {{0, 3}, {0, 2, 1}, {0, 2, 4}, {-1, 2, 3}}) {
      assertThatThrownBy(() -> collective.reduceScatterSum(ArrayVector.ofDoubles(1, 2, 3), bounds))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected 3 rising values within [0, 3]");
    }
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

  private List<Collective> group(int size) {
    return group(size, TcpGroup.SETTINGS);
  }

  private List<Collective> group(int size, TcpSettings settings) {
    TcpGroup group = TcpGroup.join(size, settings);
    opened.add(group);
    return group.collectives();
  }

  private List<Collective> group(
      int size,
      TcpSettings settings,
      AtomicReference<FaultyNetwork> network,
      Random random,
      double lateShare) {
    TcpGroup group =
        TcpGroup.join(
            size,
            settings,
            (rank, addresses) -> {
              if (rank == 0) {
                network.set(new FaultyNetwork(addresses, random.nextLong(), lateShare));
              }
              return network.get().addressesFor(rank);
            },
            Optional::empty);
    opened.add(group);
    opened.add(network.get());
    return group.collectives();
  }

  private static void expectAllToFail(
      List<Collective> group, Program<Integer> program, String reason) {
    assertThat(Replicas.outcomes(group, program))
        .hasSize(group.size())
        .allSatisfy(
            outcome ->
                assertThat(outcome.failure())
                    .singleElement()
                    .satisfies(
                        failure ->
                            assertThat(failure)
                                .isInstanceOf(CollectiveException.class)
                                .hasMessageContaining(reason)));
  }
}
