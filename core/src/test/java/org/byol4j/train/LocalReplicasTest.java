package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class LocalReplicasTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @Test
  void interruptedRunReturnsWhenItsReplicasHaveEnded() throws InterruptedException {
    CountDownLatch began = new CountDownLatch(2);
    AtomicInteger ended = new AtomicInteger();

    Throwable thrown =
        interrupted(
            LONG,
            began,
            collective -> {
              began.countDown();
              awaitInterruption();
              // what a replica still does after it was told: it ends a step, it closes its device
              busy(Duration.ofMillis(300));
              return ended.incrementAndGet();
            });

    assertThat(ended).hasValue(2);
    assertThat(thrown)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("interrupted while replicas run");
  }

  @Test
  void replicaThatDoesNotEndInTimeIsNamed() throws InterruptedException {
    CountDownLatch began = new CountDownLatch(2);
    AtomicInteger stubborn = new AtomicInteger(1);

    Throwable thrown =
        interrupted(
            Duration.ofMillis(200),
            began,
            collective -> {
              began.countDown();
              while (collective.rank() == 1 && stubborn.get() == 1) {
                Thread.onSpinWait();
              }
              return 0;
            });
    stubborn.set(0);

    assertThat(thrown)
        .hasMessage(
            "interrupted while replicas run: threads=[replica-1] have not ended, timeoutMs=200");
  }

  @Test
  void replicaThatWaitsForAnotherEndsWhenTheRunIsInterrupted() throws InterruptedException {
    CountDownLatch began = new CountDownLatch(2);
    AtomicReference<Throwable> told = new AtomicReference<>();

    interrupted(
        LONG,
        began,
        collective -> {
          began.countDown();
          if (collective.rank() == 0) {
            told.set(catchThrowable(() -> collective.allReduceSum(new double[1])));
          } else {
            awaitInterruption();
          }
          return 0;
        });

    assertThat(told.get())
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("interrupted");
  }

  @Test
  void lateReplicaIsGivenUpAfterTheProgressTimeout() {
    CountDownLatch lost = new CountDownLatch(1);

    assertThatThrownBy(
            () ->
                LocalReplicas.run(
                    2,
                    Duration.ofMillis(150),
                    collective -> {
                      if (collective.rank() == 1) {
                        await(lost);
                        return 0;
                      }
                      try {
                        collective.allReduceSum(new double[1]);
                        return 0;
                      } finally {
                        lost.countDown();
                      }
                    }))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("missing=[1] timeoutMs=150");
  }

  /** Runs two replicas, interrupts the caller when both have begun, and returns what it is told. */
  private static Throwable interrupted(
      Duration progressTimeout, CountDownLatch began, Function<Collective, Integer> replica)
      throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    AtomicReference<Boolean> stays = new AtomicReference<>();
    Thread caller =
        new Thread(
            () -> {
              thrown.set(catchThrowable(() -> LocalReplicas.run(2, progressTimeout, replica)));
              stays.set(Thread.currentThread().isInterrupted());
            });
    caller.start();
    began.await();
    caller.interrupt();
    caller.join();
    assertThat(stays).hasValue(true);
    return thrown.get();
  }

  private static void awaitInterruption() {
    assertThatThrownBy(() -> new CountDownLatch(1).await())
        .isInstanceOf(InterruptedException.class);
  }

  private static void busy(Duration time) {
    long start = System.nanoTime();
    while (System.nanoTime() - start < time.toNanos()) {
      Thread.onSpinWait();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
