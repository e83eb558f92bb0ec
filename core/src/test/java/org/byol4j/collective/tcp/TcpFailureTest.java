package org.byol4j.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the survivors are told of a replica that is late, silent or lost. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class TcpFailureTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @RegisterExtension final OpenGroups groups = new OpenGroups();

  @Test
  void livingReplicaThatIsLateFailsOnlyAfterTheProgressTimeout() {
    List<Collective> group =
        groups.of(3, TcpGroup.settings(Duration.ofMillis(300), Duration.ofMillis(1200)));
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
        groups.of(3, TcpGroup.settings(Duration.ofMillis(700), LONG), network, new Random(1), 0);
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
    List<Collective> group = groups.of(3, TcpGroup.SETTINGS, network, new Random(seed), 0.2);
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
      List<Collective> group = groups.of(3, TcpGroup.settings(LONG, LONG), network, random, 0);
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
}
