package org.byol4j.eval;

import java.nio.FloatBuffer;

/**
 * The baseline that has learned nothing: the pixels of the normalized centre crop themselves.
 *
 * @param width the number of values of an image, height x width x channels
 */
public record PixelFeatures(int width) implements FeatureExtractor {

  @Override
  public void extract(FloatBuffer images, FloatBuffer features) {
    features.put(images);
  }
}
