package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.byol4j.collective.CollectiveException;
import org.byol4j.data.DataException;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the driver makes of what replicas tell it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class LaunchTest {
  private static final long SESSION = 7;
  private static final Duration LONG = Duration.ofSeconds(50);

  private final Heard heard = new Heard();
  private final AtomicLong messages = new AtomicLong();
  private final Launch launch = new Launch(SESSION, new StopSignal(), heard);

  @Test
  void replicasThatEndedOrFailedAreNotSilent() {
    try (launch) {
      for (int rank = 0; rank < 3; rank++) {
        tell(rank, new ReplicaEvent.Started("executor-" + rank, "host", ""));
      }
      tell(0, new ReplicaEvent.Ended(List.of(end(5))));
      tell(1, ReplicaEvent.Failed.of(new DataException("x")));

      assertThat(launch.silentExecutors(Duration.ofMillis(100), LONG))
          .containsExactly("executor-2");
      tell(2, new ReplicaEvent.Ended(List.of()));
      assertThat(launch.silentExecutors(LONG, LONG)).isEmpty();
      assertThat(launch.end()).contains(end(5));
    }
  }

  @Test
  void replicaThatSpeaksIsNotSilentBeforeItsGraceIsOver() {
    Duration patience = Duration.ofMillis(400);
    try (launch) {
      tell(0, new ReplicaEvent.Started("executor-0", "host", ""));
      CountDownLatch done = new CountDownLatch(1);
      Thread speaks =
          new Thread(
              () -> {
                while (done.getCount() > 0) {
                  tell(0, new ReplicaEvent.Copies(1, 2));
                  LockSupport.parkNanos(1_000_000);
                }
              });
      speaks.start();
      long start = System.nanoTime();

      assertThat(launch.silentExecutors(patience, Duration.ofSeconds(2)))
          .containsExactly("executor-0");

      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isGreaterThanOrEqualTo(Duration.ofSeconds(2));
      done.countDown();
      tell(0, ReplicaEvent.Failed.of(new DataException("x")));
      assertThat(launch.silentExecutors(patience, LONG)).isEmpty();
    }
  }

  @Test
  void reasonIsWhatCameFirstUnlessALaterOneIsNoConsequence() {
    try (launch) {
      tell(1, ReplicaEvent.Failed.of(new CollectiveException("cannot listen")));
      tell(0, ReplicaEvent.Failed.of(new CollectiveException("Spark has cancelled rank=0")));
      assertThat(launch.rootFailure().orElseThrow()).hasMessage("cannot listen");

      tell(2, ReplicaEvent.Failed.of(new DataException("no images")));
      assertThat(launch.rootFailure().orElseThrow()).hasMessage("no images");
    }
  }

  @Test
  void whoSpeaksAfterTheEndIsToldToStopAndNobodyHearsIt() {
    assertThat(tell(0, new ReplicaEvent.Says("a"))).isFalse();
    launch.close();

    assertThat(tell(0, new ReplicaEvent.Says("b"))).isTrue();
    launch.says("c");
    assertThat(heard.said()).containsExactly("a");
  }

  @Test
  void replicasOfALaunchThatIsToStopAreToldSoWithoutASignal() {
    try (launch) {
      launch.stop();

      assertThat(tell(0, new ReplicaEvent.Says("a"))).isTrue();
    }
    assertThat(heard.said()).containsExactly("a");
  }

  @Test
  void messageThatIsSentAgainIsHeardOnce() {
    ReplicaMessage message =
        new ReplicaMessage(SESSION, 0, 3, List.of(new ReplicaEvent.Says("once")));
    try (launch) {
      assertThat(launch.receive(message)).isFalse();
      launch.stop();
      assertThat(launch.receive(message)).isTrue();
      launch.receive(new ReplicaMessage(SESSION, 1, 1, List.of(new ReplicaEvent.Says("another"))));
    }
    assertThat(heard.said()).containsExactly("once", "another");
  }

  private boolean tell(int rank, ReplicaEvent event) {
    return launch.receive(
        new ReplicaMessage(SESSION, rank, messages.incrementAndGet(), List.of(event)));
  }

  private static ReplicaEnd end(long steps) {
    return new ReplicaEnd(steps, false, 1, 2, 3, "checkpoint");
  }
}
