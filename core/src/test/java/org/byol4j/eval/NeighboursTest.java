package org.byol4j.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NeighboursTest {

  @Test
  void bestOfManyAreThoseOfASort() {
    for (long seed = 1; seed <= 200; seed++) {
      Random random = new Random(seed);
      int offered = 1 + random.nextInt(120);
      int k = 1 + random.nextInt(offered);
      float[] all = new float[offered];
      for (int i = 0; i < offered; i++) {
        // few values, so that many are equal
        all[i] = random.nextInt(1 + random.nextInt(20)) / 10f;
      }
      Neighbours neighbours = new Neighbours(k);
      int size = 1 + random.nextInt(16);
      for (int first = 0; first < offered; first += size) {
        int count = Math.min(size, offered - first);
        float[] block = new float[size];
        System.arraycopy(all, first, block, 0, count);
        neighbours.offer(block, count, first);
      }
      neighbours.sort();

      List<Integer> expected =
          IntStream.range(0, offered)
              .boxed()
              .sorted(Comparator.comparing((Integer i) -> -all[i]).thenComparing(i -> i))
              .limit(k)
              .toList();
      List<Integer> actual = IntStream.range(0, k).mapToObj(neighbours::row).toList();
      assertEquals(expected, actual, "seed=" + seed);
      assertEquals(k, neighbours.count());
      for (int n = 0; n < k; n++) {
        assertEquals(all[expected.get(n)], neighbours.similarity(n), "seed=" + seed);
      }
    }
  }
}
