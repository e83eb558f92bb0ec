package org.byol4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class WorkRingTest {
  private static final int SLOTS = 3;
  private static final int ROWS = 5;

  /** Each row of a slot becomes sequence * ROWS + row. */
  private static class Counting implements WorkRing.Work {
    final long[][] rows = new long[SLOTS][ROWS];
    final long[] sequences = new long[SLOTS];
    final AtomicInteger openWorkers = new AtomicInteger();

    @Override
    public int begin(int slot, long sequence) {
      sequences[slot] = sequence;
      return ROWS;
    }

    @Override
    public WorkRing.Worker newWorker() {
      openWorkers.incrementAndGet();
      return new WorkRing.Worker() {
        @Override
        public void fill(int slot, int row) {
          fillRow(slot, row);
        }

        @Override
        public void close() {
          openWorkers.decrementAndGet();
        }
      };
    }

    void fillRow(int slot, int row) {
      rows[slot][row] = sequences[slot] * ROWS + row;
    }
  }

  @Test
  void slotsComeInOrderWithEveryRowFilled() {
    for (int workers = 1; workers <= 4; workers++) {
      Counting work = new Counting();
      try (WorkRing ring = new WorkRing("test", workers, SLOTS, 1000, work)) {
        for (long sequence = 0; sequence < 1000; sequence++) {
          int slot = ring.take();
          for (int row = 0; row < ROWS; row++) {
            assertThat(work.rows[slot][row]).isEqualTo(sequence * ROWS + row);
          }
          ring.release(slot);
        }
        assertThatThrownBy(ring::take).hasMessageContaining("nothing is left to take: taken=1000");
      }
      assertThat(work.openWorkers).hasValue(0);
    }
  }

  @Test
  void aSlotThatIsTakenIsLeftAloneUntilItIsReleased() throws InterruptedException {
    CountDownLatch secondRound = new CountDownLatch(1);
    Counting work =
        new Counting() {
          @Override
          void fillRow(int slot, int row) {
            super.fillRow(slot, row);
            if (sequences[slot] == SLOTS) {
              secondRound.countDown();
            }
          }
        };
    try (WorkRing ring = new WorkRing("test", 2, SLOTS, 100, work)) {
      int slot = ring.take();
      ring.take();
      ring.take();
      assertThat(work.sequences[slot]).isZero();
      assertThat(secondRound.getCount()).isOne();
      ring.release(slot);
      secondRound.await();
      assertThat(work.sequences[slot]).isEqualTo(SLOTS);
    }
  }

  @Test
  void aSlotIsReadyWhenAllItsRowsAreFilledAndNoneFailed() {
    CountDownLatch mayFill = new CountDownLatch(1);
    Counting work =
        new Counting() {
          @Override
          void fillRow(int slot, int row) {
            if (sequences[slot] == 1) {
              throw new DataException("row=" + row);
            }
            awaitUnchecked(mayFill);
          }
        };
    try (WorkRing ring = new WorkRing("test", 1, SLOTS, 100, work)) {
      assertThat(ring.isReady()).isFalse();
      mayFill.countDown();
      while (!ring.isReady()) {
        Thread.onSpinWait();
      }
      ring.release(ring.take());
      // the second slot is filled, but for its failures, which are its taker's
      assertThatThrownBy(ring::take).isInstanceOf(DataException.class).hasMessage("row=0");
      assertThat(ring.isReady()).isFalse();
    }
  }

  private static void awaitUnchecked(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Test
  void aFailureSurfacesAtItsSlotAndIsThatOfTheLowestRow() {
    for (int workers = 1; workers <= 4; workers++) {
      Counting work =
          new Counting() {
            @Override
            void fillRow(int slot, int row) {
              if (sequences[slot] == 2 && row >= 3) {
                throw new DataException("sequence=" + sequences[slot] + " row=" + row);
              }
            }
          };
      try (WorkRing ring = new WorkRing("test", workers, SLOTS, 100, work)) {
        ring.release(ring.take());
        ring.release(ring.take());
        for (int attempt = 0; attempt < 2; attempt++) {
          assertThatThrownBy(ring::take)
              .isInstanceOf(DataException.class)
              .hasMessage("sequence=2 row=3");
        }
      }
    }
  }

  @Test
  void aWorkerThatCannotBeMadeFailsTheConsumer() {
    Counting work =
        new Counting() {
          @Override
          public WorkRing.Worker newWorker() {
            throw new OutOfMemoryError("made up");
          }
        };
    try (WorkRing ring = new WorkRing("test", 2, SLOTS, 100, work)) {
      assertThatThrownBy(ring::take).isInstanceOf(OutOfMemoryError.class).hasMessage("made up");
    }
  }

  @Test
  void closingEndsTheThreadsThoughTheConsumerHasStopped() {
    Counting work = new Counting();
    WorkRing ring = new WorkRing("test", 4, SLOTS, Long.MAX_VALUE, work);
    ring.take();
    ring.close();
    assertThat(work.openWorkers).hasValue(0);
    assertThatThrownBy(ring::take).hasMessageContaining("closed");
    ring.close();
  }

  @Test
  void closingEndsAConsumerThatWaits() throws InterruptedException {
    CountDownLatch filling = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Counting work =
        new Counting() {
          @Override
          void fillRow(int slot, int row) {
            filling.countDown();
            try {
              goOn.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
        };
    WorkRing ring = new WorkRing("test", 1, SLOTS, 100, work);
    filling.await();
    Thread closer = new Thread(ring::close);
    closer.start();
    assertThatThrownBy(ring::take).hasMessageContaining("closed");
    goOn.countDown();
    closer.join();
    assertThat(work.openWorkers).hasValue(0);
  }

  @Test
  void anInterruptedConsumerStopsWaitingAndStaysInterrupted() {
    CountDownLatch goOn = new CountDownLatch(1);
    Counting work =
        new Counting() {
          @Override
          void fillRow(int slot, int row) {
            try {
              goOn.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
        };
    try (WorkRing ring = new WorkRing("test", 1, SLOTS, 100, work)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(ring::take).hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
      goOn.countDown();
    }
  }

  @Test
  void waitingForDataIsMeasured() {
    Counting work =
        new Counting() {
          @Override
          void fillRow(int slot, int row) {
            long until = System.nanoTime() + 2_000_000;
            while (System.nanoTime() < until) {
              Thread.onSpinWait();
            }
          }
        };
    try (WorkRing ring = new WorkRing("test", 1, SLOTS, 100, work)) {
      long start = System.nanoTime();
      for (int i = 0; i < 5; i++) {
        ring.release(ring.take());
      }
      long elapsed = System.nanoTime() - start;
      // five slots of five rows, of which the consumer does none
      assertThat(ring.waitedNanos()).isBetween(elapsed / 2, elapsed);
    }
  }

  @Test
  void workersGiveWayAndTheirConsumerDoesNot() {
    AtomicInteger niceness = new AtomicInteger();
    Counting work =
        new Counting() {
          @Override
          void fillRow(int slot, int row) {
            niceness.set(nicenessOfThisThread());
          }
        };
    int own = nicenessOfThisThread();
    try (WorkRing ring = new WorkRing("test", 1, SLOTS, 1, work)) {
      ring.take();
    }
    assertThat(niceness.get()).isGreaterThan(own);
    assertThat(nicenessOfThisThread()).isEqualTo(own);
  }

  /** The 19th field of {@code stat} (proc(5)); the second is a name in parentheses. */
  private static int nicenessOfThisThread() {
    try {
      String stat = Files.readString(Path.of("/proc/thread-self/stat"));
      List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
      return Integer.parseInt(fields.get(16));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
