package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.byol4j.train.LostReplicaException;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the driver says and does while replicas bring their images. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class StartWatchTest {
  private static final long SESSION = 7;
  private static final Duration LONG = Duration.ofMinutes(10);

  private final Heard heard = new Heard();
  private final AtomicLong messages = new AtomicLong();
  private final StopSignal stop = new StopSignal();
  private final Launch launch = new Launch(SESSION, stop, heard);
  private final CountDownLatch cancelled = new CountDownLatch(1);

  @Test
  void imagesThatComeAreToldNowAndThenWithWhoIsLast() {
    try (launch;
        StartWatch watch = watch(new StartWatch.Patience(LONG, LONG, Duration.ofMillis(300)))) {
      start();
      tell(0, new ReplicaEvent.Copies(5, 10));
      tell(1, new ReplicaEvent.Copies(2, 10));
      awaitLines(2);
      tell(0, new ReplicaEvent.Copies(10, 10));
      tell(1, new ReplicaEvent.Copies(9, 10));
      awaitLines(heard.said().size() + 1);
      assertThat(watch.givenUp()).isEmpty();
    }
    assertThat(heard.said().get(0))
        .startsWith(
            "copying images to executors: replicas=2 images=7 of 20, last rank=1 with 2 of 10");
    assertThat(heard.said().get(heard.said().size() - 1))
        .startsWith(
            "copying images to executors: replicas=2 images=19 of 20, last rank=1 with 9 of 10");
  }

  @Test
  void replicasThatComeNoFurtherAreGivenUpWithWhoIsLast() throws InterruptedException {
    try (launch;
        StartWatch watch = watch(new StartWatch.Patience(LONG, Duration.ofSeconds(1), LONG))) {
      start();
      tell(0, new ReplicaEvent.Copies(10, 10));
      tell(1, new ReplicaEvent.Copies(2, 10));

      cancelled.await();

      assertThat(watch.givenUp().orElseThrow())
          .isInstanceOf(LostReplicaException.class)
          .hasMessage(
              "replicas=2 are not together, and nothing has come for 1 s:"
                  + " images=12 of 20, last rank=1 with 2 of 10");
    }
  }

  @Test
  void replicasThatAreTogetherAreLeftAlone() throws InterruptedException {
    try (launch;
        StartWatch watch = watch(new StartWatch.Patience(LONG, Duration.ofMillis(500), LONG))) {
      start();
      tell(0, new ReplicaEvent.Together());
      tell(1, new ReplicaEvent.Together());
      stop.request();

      assertThat(cancelled.await(2, TimeUnit.SECONDS)).isFalse();
      assertThat(watch.givenUp()).isEmpty();
    }
  }

  @Test
  void replicaWhoseFirstWordWasLostCountsAsOneThatRuns() throws InterruptedException {
    try (launch;
        StartWatch watch = watch(new StartWatch.Patience(Duration.ofMillis(500), LONG, LONG))) {
      tell(0, new ReplicaEvent.Started("executor-0", "host", ""));
      tell(1, new ReplicaEvent.Copies(1, 10));

      assertThat(cancelled.await(2, TimeUnit.SECONDS)).isFalse();
      assertThat(watch.givenUp()).isEmpty();
    }
  }

  private StartWatch watch(StartWatch.Patience patience) {
    return new StartWatch(launch, 2, patience, stop, new LostExecutors(), cancelled::countDown);
  }

  private void start() {
    tell(0, new ReplicaEvent.Started("executor-0", "host", ""));
    tell(1, new ReplicaEvent.Started("executor-1", "host", ""));
  }

  private void awaitLines(int count) {
    while (heard.said().size() < count) {
      Thread.onSpinWait();
    }
  }

  private void tell(int rank, ReplicaEvent event) {
    launch.receive(new ReplicaMessage(SESSION, rank, messages.incrementAndGet(), List.of(event)));
  }
}
