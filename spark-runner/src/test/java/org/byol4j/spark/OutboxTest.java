package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.byol4j.data.DataException;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Test;

/** What reaches the driver of a replica whose messages, or their answers, are lost. */
class OutboxTest {
  private static final long SESSION = 7;

  private final Heard heard = new Heard();
  private final Launch launch = new Launch(SESSION, new StopSignal(), heard);
  private final List<Loss> losses = new ArrayList<>();
  private final Outbox outbox = new Outbox(SESSION, 0, this::carry);

  /** What happens to the next message. */
  private enum Loss {
    OF_THE_MESSAGE,
    OF_THE_ANSWER
  }

  private Object carry(ReplicaMessage message) throws IOException {
    if (losses.isEmpty()) {
      return launch.receive(message);
    }
    if (losses.remove(0) == Loss.OF_THE_ANSWER) {
      launch.receive(message);
    }
    throw new IOException("lost on purpose");
  }

  @Test
  void failureWhoseMessageIsLostIsToldAgain() {
    losses.add(Loss.OF_THE_MESSAGE);
    losses.add(Loss.OF_THE_MESSAGE);
    outbox.add(ReplicaEvent.Failed.of(new DataException("no images")));

    try (launch) {
      assertThat(outbox.send()).isEmpty();
      assertThat(outbox.send()).isEmpty();
      assertThat(launch.rootFailure()).isEmpty();
      assertThat(outbox.send()).contains(false);
      assertThat(launch.rootFailure()).get().isInstanceOf(DataException.class);
    }
  }

  @Test
  void everyLineIsHeardOnceAndInOrderWhateverIsLost() {
    losses.addAll(List.of(Loss.OF_THE_ANSWER, Loss.OF_THE_MESSAGE, Loss.OF_THE_ANSWER));

    try (launch) {
      for (String line : List.of("a", "b", "c", "d", "e")) {
        outbox.add(new ReplicaEvent.Says(line));
        outbox.send();
      }
    }
    assertThat(heard.said()).containsExactly("a", "b", "c", "d", "e");
  }

  @Test
  void whoIsInterruptedStaysSo() {
    Outbox interrupted =
        new Outbox(
            SESSION,
            0,
            message -> {
              throw new InterruptedException("on purpose");
            });

    assertThat(interrupted.send()).isEmpty();
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void answerIsWhetherToStop() {
    try (launch) {
      assertThat(outbox.send()).contains(false);
      launch.stop();
      assertThat(outbox.send()).contains(true);
    }
  }
}
