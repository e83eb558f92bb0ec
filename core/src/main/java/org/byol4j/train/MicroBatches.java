package org.byol4j.train;

import java.nio.FloatBuffer;

/**
 * Hands out a replica's pairs of views, one micro-batch after the other.
 *
 * <p>The buffers belong to the source: {@link #next} makes their former content invalid. Each is
 * asked for several times, and stands at its first value every time.
 */
public interface MicroBatches {

  /** Moves to the next micro-batch, waiting until its views are made. */
  void next();

  /** The first view of each image, {@code [rows, size, size, 3]}, normalized. */
  FloatBuffer view1();

  /** The second view of each image, in the same order. */
  FloatBuffer view2();
}
