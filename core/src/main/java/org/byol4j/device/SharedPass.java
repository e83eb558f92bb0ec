package org.byol4j.device;

/**
 * A pass of a batch normalization over the rows of several replicas whose numbers stay on the
 * devices: {@link #take} puts this replica's among {@link #figures}, somebody brings those of the
 * others there, and {@link #apply} goes on with all of them. The bits are those of a merge, or a
 * sum, on the host.
 */
public interface SharedPass {

  /** Takes the numbers of the local rows. */
  void take();

  /** Where the numbers of all replicas are, in rank order and equally many of each. */
  Figures figures();

  /** Does the rest of the pass, with the numbers of all replicas. */
  void apply();
}
