package org.byol4j.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KeyedRandomTest {
  @Test
  void slotsAreTheOutputsOfSplitMix64() {
    // the published test vector of splitmix64.c (Vigna 2015) for the state 1234567
    KeyedRandom random = new KeyedRandom(1234567);
    assertThat(random.uniform(0)).isEqualTo(unit("6457827717110365317"));
    assertThat(random.uniform(1)).isEqualTo(unit("3203168211198807973"));
    assertThat(random.uniform(2)).isEqualTo(unit("9817491932198370423"));
  }

  @Test
  void keysNeverChange() {
    // taken from the first version: another value would change every run
    assertThat(KeyedRandom.of(0, 0, 0, 0).key()).isEqualTo(2391539541053276776L);
    assertThat(KeyedRandom.of(42, 3, 1_281_166, 1).key()).isEqualTo(8055343213937358581L);
  }

  @Test
  void everyPartOfTheKeyCounts() {
    Set<Long> keys = new HashSet<>();
    for (int seed = 0; seed < 8; seed++) {
      for (int epoch = 0; epoch < 8; epoch++) {
        for (int image = 0; image < 8; image++) {
          for (int view = 0; view < 2; view++) {
            keys.add(KeyedRandom.of(seed, epoch, image, view).key());
          }
        }
      }
    }
    assertThat(keys).hasSize(8 * 8 * 8 * 2);
  }

  @Test
  void numbersAreUniform() {
    int[] counts = new int[10];
    double sum = 0;
    int draws = 200_000;
    for (int i = 0; i < draws; i++) {
      KeyedRandom random = KeyedRandom.of(1, 0, i, 0);
      counts[random.below(3, 10)]++;
      sum += random.uniform(4, -1, 3);
    }
    assertThat(sum / draws).isCloseTo(1, within(0.01));
    for (int count : counts) {
      assertThat(count).isBetween(19_400, 20_600);
    }
  }

  @Test
  void certainAndImpossibleEventsAreSo() {
    for (int slot = 0; slot < 1000; slot++) {
      assertThat(new KeyedRandom(5).happens(slot, 1)).isTrue();
      assertThat(new KeyedRandom(5).happens(slot, 0)).isFalse();
    }
  }

  private static double unit(String bits) {
    return (Long.parseUnsignedLong(bits) >>> 11) * 0x1p-53;
  }
}
