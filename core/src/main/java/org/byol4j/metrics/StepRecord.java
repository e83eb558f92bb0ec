package org.byol4j.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What is known of one optimizer step, a line of {@code metrics.jsonl}. Everything but {@link
 * Timing} is the same in a resumed run as in one that was never stopped.
 *
 * @param step the step's number, counted from 0
 * @param epoch the epoch that it belongs to, counted from 0
 * @param loss the mean over the batch, summed over the two views, times {@code loss.scale}
 * @param learningRate the rate that was applied
 * @param targetDecay the share of itself that the target kept
 * @param featureStd the mean over features of the std of the target's normalized projections
 * @param cosine the mean cosine between predictions and projections
 * @param effectiveRank of the projections, where it was looked at
 * @param knnTop1 the share of monitor images that kNN classifies rightly, where it was evaluated
 * @param threshold what elements of gradient and residual had to reach to be sent, where gradients
 *     are shared
 * @param sentShare the share of elements that were, in the mean over replicas, where gradients are
 *     shared
 * @param timing what differs from run to run
 */
public record StepRecord(
    long step,
    int epoch,
    double loss,
    double learningRate,
    double targetDecay,
    double featureStd,
    double cosine,
    OptionalDouble effectiveRank,
    OptionalDouble knnTop1,
    OptionalDouble threshold,
    OptionalDouble sentShare,
    Timing timing) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * The wall-clock fields, of rank 0. What is left of a step beside its parts is the optimizer and
   * the measures of collapse.
   *
   * @param stepMs the step's duration, without checkpoints and evaluation
   * @param dataWaitMs how much of it went to waiting for views
   * @param forwardMs how much of it went to forward passes
   * @param backwardMs how much of it went to backward passes
   * @param communicationMs how much of it went to communication and waiting for other replicas
   * @param sentBytes what it has sent to the other replicas meanwhile, in bytes; empty where there
   *     are none
   * @param imagesPerSecond images of the whole batch over the step's duration
   * @param timeMs when the step ended, in milliseconds since 1970
   */
  public record Timing(
      double stepMs,
      double dataWaitMs,
      double forwardMs,
      double backwardMs,
      double communicationMs,
      OptionalLong sentBytes,
      double imagesPerSecond,
      long timeMs) {}

  /**
   * Reads a line; what it does not say of the timing is not a number.
   *
   * @param line the line, with or without its end
   * @return the record; empty if the line is none
   */
  public static Optional<StepRecord> parse(byte[] line) {
    try {
      JsonNode json = JSON.readTree(line);
      Timing timing =
          new Timing(
              number(json, "step_ms"),
              number(json, "data_wait_ms"),
              Double.NaN,
              Double.NaN,
              Double.NaN,
              json.path("sent_bytes").isIntegralNumber()
                  ? OptionalLong.of(json.get("sent_bytes").longValue())
                  : OptionalLong.empty(),
              number(json, "images_per_s"),
              (long) number(json, "time_ms"));
      return Optional.of(
          new StepRecord(
              (long) number(json, "step"),
              (int) number(json, "epoch"),
              number(json, "loss"),
              number(json, "learning_rate"),
              number(json, "target_decay"),
              number(json, "feature_std"),
              number(json, "cosine"),
              optional(json, "effective_rank"),
              optional(json, "knn_top1"),
              optional(json, "threshold"),
              optional(json, "sent_share"),
              timing));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static double number(JsonNode json, String key) throws IOException {
    JsonNode value = json.path(key);
    // what is infinite or not a number is written as a text
    if (value.isNumber() || value.isTextual()) {
      return value.asDouble(Double.NaN);
    }
    throw new IOException(key + " is missing");
  }

  private static OptionalDouble optional(JsonNode json, String key) throws IOException {
    return json.has(key) ? OptionalDouble.of(number(json, key)) : OptionalDouble.empty();
  }

  /** The same step, evaluated. */
  public StepRecord withKnnTop1(double share) {
    return new StepRecord(
        step,
        epoch,
        loss,
        learningRate,
        targetDecay,
        featureStd,
        cosine,
        effectiveRank,
        OptionalDouble.of(share),
        threshold,
        sentShare,
        timing);
  }

  /** The line, without its end; what a step's time goes to is left to the cluster's metrics. */
  public String toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("step", step).put("epoch", epoch).put("loss", loss);
    json.put("learning_rate", learningRate).put("target_decay", targetDecay);
    json.put("feature_std", featureStd).put("cosine", cosine);
    effectiveRank.ifPresent(rank -> json.put("effective_rank", rank));
    knnTop1.ifPresent(top1 -> json.put("knn_top1", top1));
    threshold.ifPresent(used -> json.put("threshold", used));
    sentShare.ifPresent(share -> json.put("sent_share", share));
    json.put("step_ms", timing.stepMs()).put("data_wait_ms", timing.dataWaitMs());
    timing.sentBytes().ifPresent(bytes -> json.put("sent_bytes", bytes));
    json.put("images_per_s", timing.imagesPerSecond()).put("time_ms", timing.timeMs());
    return json.toString();
  }
}
