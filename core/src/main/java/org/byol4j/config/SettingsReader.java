package org.byol4j.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.AugmentSettings.Crop;
import org.byol4j.augment.AugmentSettings.ViewRecipe;
import org.byol4j.checkpoint.CheckpointSettings;
import org.byol4j.checkpoint.LeaseSettings;
import org.byol4j.data.DataSettings;
import org.byol4j.device.ComputeSettings;
import org.byol4j.eval.CollapseSettings;
import org.byol4j.eval.KnnSettings;
import org.byol4j.nn.NetworkSettings;
import org.byol4j.optim.OptimizerSettings;
import org.byol4j.optim.TargetSettings;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.ParameterServerSettings.Mode;
import org.byol4j.paramserver.ParameterServerSettings.TargetSync;
import org.byol4j.paramserver.sharing.SharingSettings;
import org.byol4j.train.ClusterSettings;
import org.byol4j.train.TrainSettings;

/** Which key goes where in the settings records, and what each may be on its own. */
final class SettingsReader {
  private static final int LARGEST_SIZE = 4096;
  private static final int MANY = 1_000_000;
  private static final int UNLIMITED = Integer.MAX_VALUE;

  /** What float32 holds with room on both sides. */
  private static final Interval THRESHOLDS = Interval.closed(1e-30, 1e6);

  /** What is under way is kept in memory, and the gradients get old. */
  private static final int MOST_STEPS_LATE = 16;

  private static final double BY_FIRST_GRADIENTS = 0;

  /** An element counts once in each encoding that it is in; half of them leave nothing to save. */
  private static final Interval SHARES = new Interval(0, false, 0.5, true);

  private final Values values;

  SettingsReader(Values values) {
    this.values = values;
  }

  TrainSettings train() {
    return new TrainSettings(
        values.integer("train.epochs", 1, MANY),
        values.integer("train.batch-size", 2, MANY),
        values.integer("train.micro-batches", 1, MANY),
        values.integer("train.seed", Long.MIN_VALUE, Long.MAX_VALUE),
        values.number("loss.scale", Interval.POSITIVE),
        values.integer("cluster.replicas", 1, MANY));
  }

  CheckpointSettings checkpoint() {
    return new CheckpointSettings(
        values.integer("train.checkpoint-every-steps", 1, UNLIMITED),
        values.integer("checkpoint.keep-last", 1, MANY),
        values.integer("checkpoint.keep-every", 0, UNLIMITED));
  }

  LeaseSettings lease() {
    return new LeaseSettings(
        values.duration("lease.ttl", Duration.ofSeconds(1), Duration.ofHours(24)));
  }

  DataSettings data(int automaticShards, int automaticWorkers) {
    return new DataSettings(
        values.integerOrAuto("data.shards", 1, MANY, automaticShards),
        values.number("data.max-bad-fraction", Interval.FRACTION),
        values.integer("data.max-pixels", 1, Long.MAX_VALUE),
        values.integerOrAuto("data.workers", 1, 1024, automaticWorkers),
        values.integer("data.prefetch", 1, 1024));
  }

  AugmentSettings augment() {
    return new AugmentSettings(
        values.oneOf("augment.style", AugmentSettings.Style.class),
        values.integer("augment.size", 8, LARGEST_SIZE),
        new Crop(
            values.number("augment.crop.min-area", Interval.above(0, 1)),
            values.number("augment.crop.max-area", Interval.above(0, 1)),
            values.number("augment.crop.min-aspect", Interval.closed(0.01, 100)),
            values.number("augment.crop.max-aspect", Interval.closed(0.01, 100))),
        view("augment.view1."),
        view("augment.view2."),
        values.numbers("augment.mean", 3, Interval.FRACTION),
        values.numbers("augment.std", 3, Interval.closed(0.001, 10)),
        values.oneOf("augment.on", AugmentSettings.Place.class));
  }

  private ViewRecipe view(String prefix) {
    return new ViewRecipe(
        values.number(prefix + "flip", Interval.FRACTION),
        values.number(prefix + "jitter", Interval.FRACTION),
        values.number(prefix + "brightness", Interval.FRACTION),
        values.number(prefix + "contrast", Interval.FRACTION),
        values.number(prefix + "saturation", Interval.FRACTION),
        values.number(prefix + "hue", Interval.closed(0, 0.5)),
        values.number(prefix + "grayscale", Interval.FRACTION),
        values.number(prefix + "blur", Interval.FRACTION),
        values.number(prefix + "min-sigma", Interval.above(0, 100)),
        values.number(prefix + "max-sigma", Interval.above(0, 100)),
        values.number(prefix + "solarize", Interval.FRACTION),
        values.number(prefix + "solarize-threshold", Interval.FRACTION));
  }

  NetworkSettings network() {
    return new NetworkSettings(
        values.oneOf("network.backbone", NetworkSettings.Backbone.class),
        values.number("network.width", Interval.above(0, 16)),
        values.oneOf("network.stem", NetworkSettings.Stem.class),
        values.oneOf("network.padding", NetworkSettings.PaddingStyle.class),
        values.oneOf("network.init", NetworkSettings.Init.class),
        values.oneOf("network.last-gamma", NetworkSettings.LastGamma.class),
        values.oneOf("network.running-variance", NetworkSettings.RunningVariance.class),
        values.number("network.running-decay", Interval.below(0, 1)),
        values.number("network.epsilon", Interval.above(0, 1)),
        values.oneOf("network.predictor", NetworkSettings.Predictor.class),
        values.integer("heads.hidden", 1, MANY),
        values.integer("heads.output", 2, MANY),
        values.oneOf("heads.bias", NetworkSettings.HeadBias.class));
  }

  OptimizerSettings optimizer() {
    return new OptimizerSettings(
        values.oneOf("optimizer.algorithm", OptimizerSettings.Algorithm.class),
        values.number("optimizer.base-learning-rate", Interval.POSITIVE),
        values.integer("optimizer.reference-batch", 1, MANY),
        values.number("optimizer.warmup-epochs", Interval.NOT_NEGATIVE),
        values.number("optimizer.momentum", Interval.below(0, 1)),
        values.number("optimizer.weight-decay", Interval.NOT_NEGATIVE),
        values.flag("optimizer.exclude-norm-and-bias"),
        values.number("optimizer.lars.trust-coefficient", Interval.POSITIVE),
        values.flag("optimizer.lars.clip"));
  }

  TargetSettings target() {
    return new TargetSettings(
        values.number("target.base-decay", Interval.FRACTION),
        values.oneOf("target.schedule", TargetSettings.Schedule.class),
        values.oneOf("target.update", TargetSettings.Update.class));
  }

  /**
   * The keys of {@code parameter-server}.
   *
   * @param compute on a GPU it is less to move weights than to send them
   */
  ParameterServerSettings server(ComputeSettings compute) {
    boolean isLocal = compute.device().equals("cuda");
    Mode mode = values.oneOf("parameter-server.mode", Mode.class);
    TargetSync targetSync =
        values.oneOfOrAuto(
            "parameter-server.target-sync",
            TargetSync.class,
            isLocal || mode == Mode.GRADIENT_SHARING ? TargetSync.LOCAL : TargetSync.BROADCAST);
    int digestEverySteps = values.integer("parameter-server.digest-every-steps", 0, UNLIMITED);
    SharingSettings sharing = sharing();
    return new ParameterServerSettings(
        targetSync,
        digestEverySteps,
        mode == Mode.GRADIENT_SHARING ? Optional.of(sharing) : Optional.empty());
  }

  private SharingSettings sharing() {
    return new SharingSettings(
        values.numberOrAuto("gradient-sharing.initial-threshold", THRESHOLDS, BY_FIRST_GRADIENTS),
        values.number("gradient-sharing.min-share", SHARES),
        values.number("gradient-sharing.max-share", SHARES),
        values.number("gradient-sharing.threshold-decay", Interval.closed(0.5, 0.999)),
        values.number("gradient-sharing.clip-multiple", Interval.NOT_NEGATIVE),
        values.integer("gradient-sharing.clip-every-steps", 1, UNLIMITED),
        values.integer("gradient-sharing.staleness", 0, MOST_STEPS_LATE));
  }

  KnnSettings knn() {
    return new KnnSettings(
        values.integer("knn.every-epochs", 0, MANY),
        values.integer("knn.k", 1, UNLIMITED),
        values.number("knn.temperature", Interval.POSITIVE),
        values.integer("knn.max-images", 5, UNLIMITED),
        values.integer("knn.image-size", 8, LARGEST_SIZE));
  }

  CollapseSettings collapse() {
    return new CollapseSettings(
        values.oneOf("collapse.policy", CollapseSettings.Policy.class),
        values.integer("collapse.every-steps", 1, UNLIMITED),
        values.number("collapse.min-std", Interval.FRACTION),
        values.number("collapse.min-rank", Interval.NOT_NEGATIVE),
        values.integer("collapse.patience", 1, MANY));
  }

  ComputeSettings compute() {
    return new ComputeSettings(
        values.oneOf("compute.device", List.of("onednn", "nd4j", "cuda")),
        values.oneOf("compute.precision", List.of("fp32", "tf32", "bf16")),
        values.integer("compute.threads", 1, 1024),
        values.oneOf("compute.convolution", ComputeSettings.Convolution.class),
        values.oneOf("compute.cuda.graphs", ComputeSettings.Graphs.class));
  }

  ClusterSettings cluster() {
    return new ClusterSettings(
        values.quoted("cluster.master"),
        values.integer("cluster.max-restarts", 0, MANY),
        values.section("cluster.spark"));
  }
}
