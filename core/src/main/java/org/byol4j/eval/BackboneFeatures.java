package org.byol4j.eval;

import java.nio.FloatBuffer;
import org.byol4j.nn.FeaturePlan;

/**
 * The features that a backbone gives in evaluation, with its running statistics, before the
 * projector. The plan stays the caller's.
 */
public final class BackboneFeatures implements FeatureExtractor {
  private final FeaturePlan plan;

  /**
   * Goes by a plan, which the caller closes when these are needed no longer.
   *
   * @param plan of the device that the extracting thread drives
   */
  public BackboneFeatures(FeaturePlan plan) {
    this.plan = plan;
  }

  @Override
  public int width() {
    return plan.features();
  }

  /**
   * {@inheritDoc}
   *
   * @param images {@link FeaturePlan#batch()} of them
   */
  @Override
  public void extract(FloatBuffer images, FloatBuffer features) {
    plan.run(images, features);
  }
}
