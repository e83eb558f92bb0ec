package org.byol4j.train;

import org.byol4j.nn.View;

/**
 * Hands out a replica's pairs of views, one micro-batch after the other.
 *
 * <p>The views belong to the source: {@link #next} makes their former content invalid. Each is
 * asked for several times.
 */
public interface MicroBatches {

  /** Moves to the next micro-batch, waiting until it is there. */
  void next();

  /** The first view of each image. */
  View view1();

  /** The second view of each image, in the same order. */
  View view2();
}
