package org.byol4j.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.byol4j.train.RunSummary;

/**
 * What the demo found.
 *
 * @param knnPixels the share of test images that kNN classifies by raw pixels, in [0,1]
 * @param knnUntrained the same by the features of the backbone before its first step
 * @param knnTrained the same after the last step
 * @param run how the training ended
 */
record DemoResult(double knnPixels, double knnUntrained, double knnTrained, RunSummary run) {

  /** The keys and values of {@code summary.json}. */
  Map<String, Object> toFields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("knn_pixels", knnPixels);
    fields.put("knn_untrained", knnUntrained);
    fields.put("knn_trained", knnTrained);
    fields.put("images_per_s", run.imagesPerSecond());
    fields.put("train_seconds", run.seconds());
    fields.put("loss", run.loss());
    fields.put("steps", run.steps());
    return fields;
  }
}
