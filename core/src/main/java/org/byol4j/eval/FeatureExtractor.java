package org.byol4j.eval;

import java.nio.FloatBuffer;

/** What makes features of images; confined to one thread. */
public interface FeatureExtractor {

  /** The number of features per image. */
  int width();

  /**
   * Makes the features {@code [rows, width]} of normalized images {@code [rows, size, size, 3]};
   * both buffers are filled from position 0, and both lie between their position and limit.
   */
  void extract(FloatBuffer images, FloatBuffer features);
}
