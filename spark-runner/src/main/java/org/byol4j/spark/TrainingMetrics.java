package org.byol4j.spark;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.function.ToDoubleFunction;
import org.byol4j.metrics.StepRecord;

/** What Spark's metrics show of a run: the last step, and what has been counted. */
final class TrainingMetrics {
  private volatile StepRecord last;
  private volatile long badImages;
  private volatile long restarts;

  /** Registers the gauges; one that has no value yet says NaN. */
  void register(MetricRegistry registry) {
    gauge(registry, "step", StepRecord::step);
    gauge(registry, "epoch", StepRecord::epoch);
    gauge(registry, "loss", StepRecord::loss);
    gauge(registry, "learning_rate", StepRecord::learningRate);
    gauge(registry, "target_decay", StepRecord::targetDecay);
    gauge(registry, "feature_std", StepRecord::featureStd);
    gauge(registry, "images_per_s", entry -> entry.timing().imagesPerSecond());
    gauge(registry, "step_ms", entry -> entry.timing().stepMs());
    gauge(registry, "data_wait_ms", entry -> entry.timing().dataWaitMs());
    gauge(registry, "forward_ms", entry -> entry.timing().forwardMs());
    gauge(registry, "backward_ms", entry -> entry.timing().backwardMs());
    gauge(registry, "communication_ms", entry -> entry.timing().communicationMs());
    gauge(registry, "sent_bytes", entry -> entry.timing().sentBytes().orElse(0));
    gauge(registry, "threshold", entry -> entry.threshold().orElse(Double.NaN));
    gauge(registry, "sent_share", entry -> entry.sentShare().orElse(Double.NaN));
    registry.register("bad_images", (Gauge<Long>) () -> badImages);
    registry.register("restarts", (Gauge<Long>) () -> restarts);
  }

  private void gauge(MetricRegistry registry, String name, ToDoubleFunction<StepRecord> value) {
    registry.register(
        name,
        (Gauge<Double>)
            () -> {
              StepRecord entry = last;
              return entry == null ? Double.NaN : value.applyAsDouble(entry);
            });
  }

  void stepDone(StepRecord entry) {
    last = entry;
  }

  /** Replicas are launched, for the first time or again. */
  void launched(long itsRestarts, long itsBadImages) {
    restarts = itsRestarts;
    badImages = itsBadImages;
  }
}
