package org.byol4j.paramserver.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.parameterserver.distributed.v2.messages.impl.GradientsUpdateMessage;

/** Parts as messages between replicas that are connected by sockets. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class MessagedPartsTest {
  private static final int MOST_WORDS = 5000;
  private static final int MOST_BYTES =
      2 * (Envelope.LENGTH_BYTES + UpdateMessages.mostBytes(MOST_WORDS));

  @RegisterExtension final OpenGroups groups = new OpenGroups();

  /** A replica that breaks the rules. */
  @FunctionalInterface
  private interface Intruder {
    void send(Collective background) throws IOException;
  }

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

  /** A part, and now and then none. */
  private static int[] words(int rank, long step) {
    Random random = new Random(100 * step + rank);
    int length = random.nextInt(3) == 0 ? 0 : random.nextInt(MOST_WORDS);
    return random.ints(length).toArray();
  }

  @Test
  void partThatComesWithALaterStepCountsForItsOwn() {
    List<List<int[]>> taken =
        takenBeside(
            background -> {
              MessageRounds rounds = new MessageRounds(background, MOST_BYTES);
              rounds.exchange(new byte[0]);
              rounds.exchange(Envelope.of(List.of(message(1, 1), message(1, 0))));
            });
    for (List<int[]> both : taken) {
      assertThat(both.get(0)).containsExactly(words(1, 0));
      assertThat(both.get(1)).containsExactly(words(1, 1));
    }
  }

  @Test
  void partThatIsSentTwiceCountsOnce() {
    byte[] changed = UpdateMessages.write(update(1, 0, new int[] {1, 2, 3}));
    List<List<int[]>> taken =
        takenBeside(
            background -> {
              MessageRounds rounds = new MessageRounds(background, MOST_BYTES);
              rounds.exchange(Envelope.of(List.of(message(1, 0), changed)));
              rounds.exchange(Envelope.of(List.of(changed, message(1, 1))));
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
  void partThatNeverComesFailsTheGroup() {
    expectRefusal(
        background -> round(background, new byte[0]),
        "encoded gradients of step=0: of size=3 replicas only ranks=[0, 2] have sent theirs");
  }

  @Test
  void messageOfAnotherClassIsRefusedAndLogged() {
    int before = Gadget.runs();
    String log =
        expectRefusal(
            background ->
                round(
                    background, Envelope.of(List.of(UpdateMessagesTest.serialized(new Gadget())))),
            "refused what came: message of rank=1: class=" + Gadget.class.getName());
    assertThat(Gadget.runs()).isEqualTo(before);
    assertThat(log)
        .contains("refused what came: message of rank=1: class=" + Gadget.class.getName());
  }

  @Test
  void messageInTheNameOfAnotherReplicaIsRefused() {
    expectRefusal(
        background -> round(background, Envelope.of(List.of(message(2, 0)))),
        "message of rank=1: originator=rank=2, expected rank=1");
  }

  @Test
  void longNamesAreCutAndKeepToOneLine() {
    GradientsUpdateMessage message = update(2, 0, new int[] {1});
    message.setOriginatorId("rank=1\r\n\u001b[2J" + "x".repeat(1000));
    String log =
        expectRefusal(
            background -> round(background, Envelope.of(List.of(UpdateMessages.write(message)))),
            "message of rank=1: originator=rank=1[2J" + "x".repeat(52) + ", expected rank=1");
    assertThat(log).doesNotContain("\u001b").doesNotContain("x".repeat(53));
  }

  @Test
  void envelopesThatAreTooLongTogetherAreRefusedByTheirLengths() {
    List<Outcome<Integer>> outcomes =
        Replicas.outcomes(
            LocalCollective.group(3, Duration.ofSeconds(30)),
            group -> {
              if (group.rank() == 0) {
                return new MessageRounds(group, Integer.MAX_VALUE).exchange(new byte[0]).size();
              }
              group.allGather(new double[] {2e9}, new double[3]);
              return 0;
            });
    assertThat(outcomes.get(0).failure())
        .singleElement()
        .satisfies(
            failure ->
                assertThat(failure)
                    .isInstanceOf(RefusedMessageException.class)
                    .hasMessageContaining("replicas=3 have lengthBytes=4000000006 together"));
  }

  @Test
  void messageOfAStepThatNobodyHasBegunIsRefused() {
    expectRefusal(
        background -> round(background, Envelope.of(List.of(message(1, 7)))),
        "message of rank=1: step=7 has not begun");
  }

  @Test
  void hugeLengthIsRefusedBeforeItIsAllocated() {
    expectRefusal(
        background -> background.allGather(new double[] {1e15}, new double[3]),
        "rank=1 announces lengthBytes=1.0E15, expected 0 to " + PackedBytes.mostBytes(MOST_BYTES));
    expectRefusal(
        background -> round(background, new byte[] {0x7f, -1, -1, -1, 0}),
        "message of rank=1: message=0 has lengthBytes=2147483647, expected 1 to 1");
  }

  @Test
  void envelopeThatCannotBeUnpackedIsRefused() {
    byte[] damaged = {0, 0, 0, 9, -1, -1, -1, -1};
    expectRefusal(
        background -> {
          double[] lengths = new double[3];
          background.allGather(new double[] {damaged.length}, lengths);
          long[] bounds = new long[4];
          Arrays.setAll(
              bounds, rank -> rank == 0 ? 0 : bounds[rank - 1] + (long) lengths[rank - 1]);
          ByteVector bytes = new ByteVector();
          bytes.resize((int) bounds[3]);
          bytes.write(bounds[1], damaged.length).put(damaged);
          background.allGather(bytes, bounds);
        },
        "envelope of rank=1: packed bytes are damaged");
  }

  /**
   * Expects that one message of rank 1 fails the others with a reason, and returns what was logged.
   */
  private String expectRefusal(Intruder intruder, String reason) {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream stderr = System.err;
    List<Outcome<Integer>> outcomes;
    try {
      System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
      outcomes =
          Replicas.outcomes(
              groups.of(3),
              group -> {
                if (group.rank() == 1) {
                  intruder.send(group.background());
                  group.allReduceSum(new double[1]);
                  return 0;
                }
                try (MessagedParts parts = new MessagedParts(group, MOST_WORDS)) {
                  parts.send(0, words(group.rank(), 0));
                  return parts.take(0).size();
                }
              });
    } finally {
      System.setErr(stderr);
    }
    expectOthersFailed(outcomes, reason);
    return log.toString(StandardCharsets.UTF_8);
  }

  /** Expects that ranks 0 and 2, for which step 0 failed, were told {@code reason}. */
  private static void expectOthersFailed(List<Outcome<Integer>> outcomes, String reason) {
    for (int rank : new int[] {0, 2}) {
      assertThat(outcomes.get(rank).failure())
          .singleElement()
          .satisfies(
              failure ->
                  assertThat(failure)
                      .isInstanceOf(CollectiveException.class)
                      .hasMessageContaining("step=0")
                      .hasMessageContaining(reason));
    }
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
    expectOthersFailed(outcomes, "no room on purpose");
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

  private static void round(Collective background, byte[] envelope) {
    new MessageRounds(background, MOST_BYTES).exchange(envelope);
  }

  private static byte[] message(int rank, int step) {
    return UpdateMessages.write(update(rank, step, words(rank, step)));
  }

  private static GradientsUpdateMessage update(int rank, int step, int[] words) {
    GradientsUpdateMessage message =
        new GradientsUpdateMessage("some id", Nd4j.createFromArray(words));
    message.setOriginatorId(CollectiveTransport.idOf(rank));
    message.setIteration(step);
    return message;
  }
}
