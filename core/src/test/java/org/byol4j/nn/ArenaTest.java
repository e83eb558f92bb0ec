package org.byol4j.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArenaTest {

  private record Range(long start, long length) {
    boolean overlaps(Range other) {
      return start < other.start + other.length && other.start < start + length;
    }
  }

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void rangesThatAreTakenNeverOverlapAndLieWithinTheArena(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Arena arena = new Arena();
    List<Range> taken = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      if (taken.isEmpty() || random.nextInt(5) < 3) {
        long length = 1L + random.nextInt(500);
        Range range = new Range(arena.take(length), length);
        assertThat(taken).noneMatch(range::overlaps);
        assertThat(range.start() + length).isLessThanOrEqualTo(arena.size());
        assertThat(range.start() % 16).isZero();
        taken.add(range);
      } else {
        Range range = taken.remove(random.nextInt(taken.size()));
        arena.release(range.start(), range.length());
      }
    }
  }

  @Test
  void neighboursThatAreReleasedMakeRoomForSomethingLarger() {
    Arena arena = new Arena();
    long first = arena.take(100);
    long second = arena.take(100);
    long third = arena.take(100);
    long size = arena.size();
    arena.release(first, 100);
    arena.release(third, 100);
    arena.release(second, 100);
    assertThat(arena.take(300)).isEqualTo(first);
    assertThat(arena.size()).isEqualTo(size);
  }

  @Test
  void theSmallestRangeThatFitsIsTaken() {
    Arena arena = new Arena();
    long large = arena.take(160);
    arena.take(16);
    long small = arena.take(32);
    arena.take(16);
    arena.release(large, 160);
    arena.release(small, 32);
    assertThat(arena.take(20)).isEqualTo(small);
  }

  @Test
  void theArenaGrowsFromAFreeRangeAtItsEnd() {
    Arena arena = new Arena();
    long start = arena.take(64);
    arena.release(start, 64);
    assertThat(arena.take(128)).isEqualTo(start);
    assertThat(arena.size()).isEqualTo(128);
  }
}
