package org.byol4j.data;

/** Watches a store being built. */
@FunctionalInterface
public interface StoreProgress {

  /** Nobody watches. */
  StoreProgress NONE = (done, total) -> {};

  /**
   * Called by the building thread after each file.
   *
   * @param done how many files are settled, good or bad
   * @param total how many there will be, or -1 if the source cannot tell
   */
  void settled(long done, long total);
}
