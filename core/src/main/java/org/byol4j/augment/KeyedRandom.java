package org.byol4j.augment;

/**
 * Random numbers that are a pure function of (seed, epoch, image id, view, slot): whoever asks for
 * the same number gets it, on any replica, in any order, as often as they like.
 *
 * <p>A slot names one draw, so leaving one out or adding one moves none of the others. The numbers
 * are those of SplitMix64 (Steele, Lea and Flood 2014, figure 17): the key folds its four parts
 * with the finalizer one after the other, and slot {@code i} is the {@code i}-th output of a
 * generator that starts at the key. They are part of what "the same run" means and never change.
 *
 * @param key the folded parts
 */
public record KeyedRandom(long key) {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;
  private static final double UNIT = 0x1p-53;

  /**
   * The numbers of one view.
   *
   * @param seed the run's seed
   * @param epoch the 0-based epoch
   * @param imageId the image's id
   * @param view 0 for the first view, 1 for the second
   */
  public static KeyedRandom of(long seed, long epoch, long imageId, int view) {
    return new KeyedRandom(fold(fold(fold(fold(0, seed), epoch), imageId), view));
  }

  /** A number of [0,1), 53 bits. */
  public double uniform(int slot) {
    return (bits(slot) >>> 11) * UNIT;
  }

  /** A number of [from,to). */
  public double uniform(int slot, double from, double to) {
    return from + (to - from) * uniform(slot);
  }

  /**
   * One of 0 to {@code bound - 1}, each as likely as the others but for {@code bound / 2^53}.
   *
   * @param bound at least 1
   */
  public int below(int slot, int bound) {
    return (int) (uniform(slot) * bound);
  }

  /** Whether an event of this probability happens; never for 0, always for 1. */
  public boolean happens(int slot, double probability) {
    return uniform(slot) < probability;
  }

  private long bits(int slot) {
    return mix(key + (slot + 1L) * GOLDEN_GAMMA);
  }

  private static long fold(long state, long part) {
    return mix((state ^ part) + GOLDEN_GAMMA);
  }

  /** Stafford's variant 13 of the 64-bit finalizer, as in SplitMix64. */
  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
