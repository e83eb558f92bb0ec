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

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Replicas.Outcome;
import org.byol4j.collective.tcp.OpenGroups;
import org.byol4j.paramserver.dl4j.PartMessages.Intruder;
import org.byol4j.paramserver.sharing.FaultyReplicaException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.nd4j.parameterserver.distributed.v2.messages.impl.GradientsUpdateMessage;

/** What replicas that are connected by sockets do not take from each other, and what follows. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class RefusedPartsTest {
  @RegisterExtension final OpenGroups groups = new OpenGroups();

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
            background -> round(background, envelope(UpdateMessagesTest.serialized(new Gadget()))),
            "refused what came: message of rank=1: class=" + Gadget.class.getName());
    assertThat(Gadget.runs()).isEqualTo(before);
    assertThat(log)
        .contains("refused what came: message of rank=1: class=" + Gadget.class.getName());
  }

  @Test
  void messageInTheNameOfAnotherReplicaIsRefused() {
    expectRefusal(
        background -> round(background, envelope(message(2, 0))),
        "message of rank=1: originator=rank=2, expected rank=1");
  }

  @Test
  void longNamesAreCutAndKeepToOneLine() {
    GradientsUpdateMessage message = update(2, 0, new int[] {1});
    message.setOriginatorId("rank=1\r\n\u001b[2J" + "x".repeat(1000));
    String log =
        expectRefusal(
            background -> round(background, envelope(PartMessages.written(message))),
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
                round(new MessageRounds(group, Integer.MAX_VALUE), new byte[0]);
                return 0;
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
        background -> round(background, envelope(message(1, 7))),
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

  /**
   * Expects that step 0 failed for ranks 0 and 2 with {@code reason}: as a faulty replica's where
   * it was noticed, as the group's where that came first.
   */
  private static void expectOthersFailed(List<Outcome<Integer>> outcomes, String reason) {
    List<Throwable> failures = new ArrayList<>(outcomes.get(0).failure());
    failures.addAll(outcomes.get(2).failure());
    assertThat(failures)
        .hasSize(2)
        .anyMatch(FaultyReplicaException.class::isInstance)
        .allSatisfy(
            failure ->
                assertThat(failure)
                    .isInstanceOfAny(FaultyReplicaException.class, CollectiveException.class)
                    .hasMessageContaining("step=0")
                    .hasMessageContaining(reason));
  }

  @Test
  void refusalIsKeptForWhoWaitsForTheGroupMeanwhile() {
    List<Optional<FaultyReplicaException>> refusals =
        Replicas.run(
            groups.of(2),
            group -> {
              if (group.rank() == 1) {
                round(group.background(), envelope(message(0, 0)));
                assertThatThrownBy(() -> group.background().allReduceSum(new double[1]))
                    .isInstanceOf(CollectiveException.class);
                return Optional.empty();
              }
              try (MessagedParts parts = new MessagedParts(group, MOST_WORDS)) {
                assertThat(parts.refusal()).isEmpty();
                parts.send(0, words(0, 0));
                // rank 1 never comes to this
                assertThatThrownBy(() -> group.allReduceSum(new double[1]))
                    .isInstanceOf(CollectiveException.class);
                return parts.refusal();
              }
            });
    assertThat(refusals.get(0).orElseThrow())
        .hasMessage(
            "rank=0 step=0 refused what came: message of rank=1: originator=rank=0, expected rank=1");
  }
}
