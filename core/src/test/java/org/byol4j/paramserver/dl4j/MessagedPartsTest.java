package org.byol4j.paramserver.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.byol4j.paramserver.dl4j.PartMessages.MOST_BYTES;
import static org.byol4j.paramserver.dl4j.PartMessages.MOST_WORDS;
import static org.byol4j.paramserver.dl4j.PartMessages.envelope;
import static org.byol4j.paramserver.dl4j.PartMessages.message;
import static org.byol4j.paramserver.dl4j.PartMessages.round;
import static org.byol4j.paramserver.dl4j.PartMessages.update;
import static org.byol4j.paramserver.dl4j.PartMessages.words;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.ForwardingCollective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Replicas.Outcome;
import org.byol4j.collective.Vector;
import org.byol4j.collective.tcp.FaultyNetwork;
import org.byol4j.collective.tcp.OpenGroups;
import org.byol4j.collective.tcp.TcpGroup;
import org.byol4j.paramserver.dl4j.PartMessages.Intruder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parts as messages between replicas that are connected by sockets. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class MessagedPartsTest {
  @RegisterExtension final OpenGroups groups = new OpenGroups();

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5})
  void partsOfAllComeToAllInTheOrderOfRanks(int size) {
    for (List<Integer> lengths : Replicas.run(groups.of(size), group -> exchange(group, 0, 12))) {
      assertThat(lengths).hasSize(12 * size);
    }
  }

  @Test
  void severalStepsMayBeUnderWay() {
    for (List<Integer> lengths : Replicas.run(groups.of(3), group -> exchange(group, 4, 12))) {
      assertThat(lengths).hasSize(12 * 3);
    }
  }

  @Test
  void threadsAndASingleReplicaExchangeTheSameWay() {
    Replicas.run(LocalCollective.group(3, Duration.ofSeconds(30)), group -> exchange(group, 2, 6));
    assertThat(Replicas.run(List.of(Collective.single()), group -> exchange(group, 2, 6)).get(0))
        .hasSize(6);
  }

  @Test
  void lateAndChoppedBytesChangeNothing() {
    long seed = System.nanoTime();
    System.out.println("lateAndChoppedBytesChangeNothing seed=" + seed);
    List<Collective> group =
        groups.of(3, TcpGroup.SETTINGS, new AtomicReference<>(), new Random(seed), 0.2);
    for (List<Integer> lengths : Replicas.run(group, each -> exchange(each, 2, 12))) {
      assertThat(lengths).hasSize(12 * 3);
    }
  }

  /** Exchanges parts of various lengths, checks what comes, and returns how long that was. */
  private static List<Integer> exchange(Collective group, int staleness, int steps) {
    List<Integer> lengths = new ArrayList<>();
    try (MessagedParts parts = new MessagedParts(group, MOST_WORDS)) {
      for (int step = 0; step < steps + staleness; step++) {
        if (step < steps) {
          parts.send(step, words(group.rank(), step));
        }
        if (step >= staleness) {
          List<int[]> taken = parts.take(step - staleness);
          assertThat(taken).hasSize(group.size());
          for (int rank = 0; rank < group.size(); rank++) {
            assertThat(taken.get(rank)).containsExactly(words(rank, step - staleness));
            lengths.add(taken.get(rank).length);
          }
        }
      }
    }
    return lengths;
  }

  @Test
  void partThatComesWithALaterStepCountsForItsOwn() {
    List<List<int[]>> taken =
        takenBeside(
            background -> {
              MessageRounds rounds = new MessageRounds(background, MOST_BYTES);
              round(rounds, new byte[0]);
              round(rounds, envelope(message(1, 1), message(1, 0)));
            });
    for (List<int[]> both : taken) {
      assertThat(both.get(0)).containsExactly(words(1, 0));
      assertThat(both.get(1)).containsExactly(words(1, 1));
    }
  }

  @Test
  void partThatIsSentTwiceCountsOnce() {
    byte[] changed = PartMessages.written(update(1, 0, new int[] {1, 2, 3}));
    List<List<int[]>> taken =
        takenBeside(
            background -> {
              MessageRounds rounds = new MessageRounds(background, MOST_BYTES);
              round(rounds, envelope(message(1, 0), changed));
              round(rounds, envelope(changed, message(1, 1)));
            });
    for (List<int[]> both : taken) {
      assertThat(both.get(0)).containsExactly(words(1, 0));
      assertThat(both.get(1)).containsExactly(words(1, 1));
    }
  }

  /** What the replicas beside rank 1 take of it in two steps. */
  private List<List<int[]>> takenBeside(Intruder intruder) {
    List<List<int[]>> taken = new ArrayList<>();
    for (List<int[]> both :
        Replicas.run(
            groups.of(3),
            group -> {
              if (group.rank() == 1) {
                intruder.send(group.background());
                // stays until the others are done
                group.allReduceSum(new double[1]);
                return List.<int[]>of();
              }
              try (MessagedParts parts = new MessagedParts(group, MOST_WORDS)) {
                parts.send(0, words(group.rank(), 0));
                parts.send(1, words(group.rank(), 1));
                List<int[]> ofIntruder = List.of(parts.take(0).get(1), parts.take(1).get(1));
                group.allReduceSum(new double[1]);
                return ofIntruder;
              }
            })) {
      if (!both.isEmpty()) {
        taken.add(both);
      }
    }
    assertThat(taken).hasSize(2);
    return taken;
  }

  @Test
  void errorOfARoundFailsTheGroupAndIsToldWithItsCause() {
    List<Outcome<Integer>> outcomes =
        Replicas.outcomes(
            groups.of(3),
            group -> {
              Collective mine = group.rank() == 1 ? withoutMemory(group) : group;
              try (MessagedParts parts = new MessagedParts(mine, MOST_WORDS)) {
                parts.send(0, words(group.rank(), 0));
                // waits behind the round that fails
                parts.send(1, words(group.rank(), 1));
                return parts.take(0).size();
              }
            });
    assertThat(outcomes.get(1).failure())
        .singleElement()
        .satisfies(
            failure ->
                assertThat(failure)
                    .hasMessage(
                        "rank=1: encoded gradients cannot be sent:"
                            + " java.lang.OutOfMemoryError: no room on purpose"));
    for (int rank : new int[] {0, 2}) {
      assertThat(outcomes.get(rank).failure())
          .singleElement()
          .satisfies(
              failure ->
                  assertThat(failure)
                      .isInstanceOf(CollectiveException.class)
                      .hasMessageContaining("step=0")
                      .hasMessageContaining("no room on purpose"));
    }
  }

  /** A group in whose background no vector finds room. */
  private static Collective withoutMemory(Collective group) {
    Collective background =
        new ForwardingCollective(group.background()) {
          @Override
          public void allGather(Vector values, long[] bounds) {
            throw new OutOfMemoryError("no room on purpose");
          }
        };
    return new ForwardingCollective(group) {
      @Override
      public Collective background() {
        return background;
      }
    };
  }

  @Test
  void deadReplicaIsToldWithRankStepAndOperation() {
    AtomicReference<FaultyNetwork> network = new AtomicReference<>();
    List<Collective> group = groups.of(3, TcpGroup.SETTINGS, network, new Random(1), 0);
    List<Outcome<Integer>> outcomes =
        Replicas.outcomes(
            group,
            each -> {
              try (MessagedParts parts = new MessagedParts(each, MOST_WORDS)) {
                for (int step = 0; step < 10; step++) {
                  if (step == 3 && each.rank() == 2) {
                    // the dead say nothing more: not that they miss the others, either
                    network.get().swallow(2);
                    network.get().cut(2);
                  }
                  parts.send(step, words(each.rank(), step));
                  parts.take(step);
                }
                return 0;
              }
            });
    for (int rank : new int[] {0, 1}) {
      assertThat(outcomes.get(rank).failure())
          .singleElement()
          .satisfies(
              failure ->
                  assertThat(failure)
                      .isInstanceOf(CollectiveException.class)
                      .hasMessageMatching(
                          "encoded gradients of step=[23]: allGather failed: rank=%d size=3 sequence=\\d+: rank=2 is lost: .*"
                              .formatted(rank)));
    }
  }

  @Test
  void partOfMoreWordsThanAllowedCannotBeSent() {
    assertThatThrownBy(
            () ->
                Replicas.run(
                    groups.of(2),
                    group -> {
                      try (MessagedParts parts = new MessagedParts(group, MOST_WORDS)) {
                        parts.send(0, new int[MOST_WORDS + 1]);
                        return parts.take(0).size();
                      }
                    }))
        .hasRootCauseMessage("words=5001, expected at most 5000");
  }
}
