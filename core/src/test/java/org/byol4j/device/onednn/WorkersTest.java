package org.byol4j.device.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class WorkersTest {

  private static final int PIECES = 1000;

  private final Workers two = new Workers(OnednnLibrary.load().openMp(), 2);

  @Test
  void eachPieceRunsOnce() {
    AtomicIntegerArray runs = new AtomicIntegerArray(PIECES);

    for (int repeat = 1; repeat <= 100; repeat++) {
      two.run((piece, worker) -> runs.incrementAndGet(piece), PIECES);

      for (int piece = 0; piece < PIECES; piece++) {
        assertThat(runs.get(piece)).as("runs of piece %d", piece).isEqualTo(repeat);
      }
    }
  }

  @Test
  void workersThatRunAtOnceHaveDifferentNumbers() {
    AtomicIntegerArray inside = new AtomicIntegerArray(2);
    Set<Integer> met = ConcurrentHashMap.newKeySet();

    two.run(
        (piece, worker) -> {
          if (inside.incrementAndGet(worker) > 1) {
            met.add(worker);
          }
          LockSupport.parkNanos(1);
          inside.decrementAndGet(worker);
        },
        PIECES);

    assertThat(met).as("workers of which two were inside at once").isEmpty();
  }

  @Test
  void teamTakesPartAndStaysKnownToTheJvm() {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();

    for (int repeat = 0; repeat < 5; repeat++) {
      two.run(
          (piece, worker) -> {
            threads.add(Thread.currentThread());
            LockSupport.parkNanos(1);
          },
          PIECES);
    }

    assertThat(threads).hasSize(2).contains(Thread.currentThread());
    assertThat(threads)
        .filteredOn(thread -> thread != Thread.currentThread())
        .allSatisfy(
            thread -> {
              assertThat(thread.isDaemon()).isTrue();
              assertThat(thread.isAlive()).isTrue();
              assertThat(thread.getName()).isEqualTo("onednn-team");
            });
  }

  @Test
  void failureInAPieceReachesTheCallerAndTheNextLoopRuns() {
    assertThatThrownBy(
            () ->
                two.run(
                    (piece, worker) -> {
                      throw new IllegalArgumentException("piece " + piece);
                    },
                    PIECES))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("a loop of the device failed: java.lang.IllegalArgumentException")
        .hasCauseInstanceOf(IllegalArgumentException.class);

    AtomicIntegerArray runs = new AtomicIntegerArray(1);
    two.run((piece, worker) -> runs.incrementAndGet(0), PIECES);
    assertThat(runs.get(0)).isEqualTo(PIECES);
  }
}
