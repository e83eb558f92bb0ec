package org.byol4j.config;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.AugmentSettings.ViewRecipe;
import org.byol4j.collective.CollectiveSettings;
import org.byol4j.data.DataSettings;
import org.byol4j.device.ComputeSettings;
import org.byol4j.eval.KnnSettings;
import org.byol4j.nn.NetworkSettings;
import org.byol4j.optim.TargetSettings;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.sharing.SharingSettings;
import org.byol4j.train.TrainSettings;

/**
 * What keys must be to each other. A rule is left out where one of its keys has a fault already.
 */
final class Contradictions {
  private static final int LARGEST_AUTOMATIC = 64;
  private static final int LONGEST_LIST = 16;
  private static final int STEM_CHANNELS = 64;

  /** From this size on, a tenth of a view is a blur of more than one tap (recipe: radius). */
  private static final int SMALLEST_BLURRED_SIZE = 20;

  private final Values values;

  Contradictions(Values values) {
    this.values = values;
  }

  /**
   * The number of virtual shards that {@code auto} stands for: the largest divisor of the batch
   * size up to 64 that leaves whole micro-batches.
   */
  static int automaticShards(TrainSettings train) {
    int batch = train.batchSize();
    int divided = batch % train.microBatches() == 0 ? batch / train.microBatches() : batch;
    return divisors(divided).filter(d -> d <= LARGEST_AUTOMATIC).max().orElse(1);
  }

  /** Images of a batch, shards, micro-batches and replicas. */
  void checkBatch(TrainSettings train, DataSettings data) {
    int batch = train.batchSize();
    int parts = train.microBatches();
    int shards = data.shards();
    if (!values.areGood("train.batch-size", "train.micro-batches", "data.shards")) {
      return;
    }
    if (batch % shards != 0) {
      int nearest = Math.max(1, Math.round((float) batch / shards)) * shards;
      values.report(
          "train.batch-size",
          "is not a multiple of " + values.mention("data.shards"),
          "a multiple of %d such as %d, or data.shards one of %s"
              .formatted(shards, nearest, list(divisors(batch))),
          "data.shards");
    } else if (batch % parts != 0) {
      values.report(
          "train.micro-batches",
          "does not divide " + values.mention("train.batch-size"),
          list(divisors(batch).filter(d -> d <= batch / 2)),
          "train.batch-size");
    } else if (batch / shards % parts != 0) {
      values.report(
          "train.micro-batches",
          "does not divide the %d images that a step takes from a shard, with %s and %s"
              .formatted(
                  batch / shards,
                  values.mention("train.batch-size"),
                  values.mention("data.shards")),
          "%s, or data.shards one of %s"
              .formatted(list(divisors(batch / shards)), list(divisors(batch / parts))),
          "train.batch-size",
          "data.shards");
    } else if (batch / parts < 2) {
      values.report(
          "train.micro-batches",
          "leaves no two images to a micro-batch, with " + values.mention("train.batch-size"),
          list(divisors(batch).filter(d -> d <= batch / 2)),
          "train.batch-size");
    }
    if (values.areGood("cluster.replicas") && train.replicas() > shards) {
      values.report(
          "cluster.replicas",
          "is above " + values.mention("data.shards"),
          "1 to " + shards,
          "data.shards");
    }
  }

  void checkWarmup(TrainSettings train, double warmupEpochs) {
    if (values.areGood("optimizer.warmup-epochs", "train.epochs")
        && warmupEpochs > train.epochs()) {
      values.report(
          "optimizer.warmup-epochs",
          "is above " + values.mention("train.epochs"),
          "0 to " + train.epochs(),
          "train.epochs");
    }
  }

  void checkViews(AugmentSettings augment) {
    checkOrder(
        "augment.crop.min-area", augment.crop().minArea(),
        "augment.crop.max-area", augment.crop().maxArea());
    checkOrder(
        "augment.crop.min-aspect", augment.crop().minAspect(),
        "augment.crop.max-aspect", augment.crop().maxAspect());
    checkBlur("augment.view1.", augment.view1(), augment.size());
    checkBlur("augment.view2.", augment.view2(), augment.size());
  }

  /** Views on a device that makes none. */
  void checkPlaceOfViews(AugmentSettings augment, ComputeSettings compute) {
    if (values.areGood("augment.on", "compute.device")
        && augment.on() == AugmentSettings.Place.DEVICE
        && !compute.device().equals("cuda")) {
      values.report(
          "augment.on",
          "cannot be asked for, with " + values.mention("compute.device"),
          "auto or cpu, or compute.device=cuda",
          "compute.device");
    }
  }

  private void checkBlur(String prefix, ViewRecipe view, int size) {
    checkOrder(prefix + "min-sigma", view.minSigma(), prefix + "max-sigma", view.maxSigma());
    if (values.areGood("augment.size", prefix + "blur")
        && size < SMALLEST_BLURRED_SIZE
        && view.blur() > 0) {
      values.report(
          prefix + "blur",
          "blurs nothing, with " + values.mention("augment.size"),
          "0, or augment.size of at least " + SMALLEST_BLURRED_SIZE,
          "augment.size");
    }
  }

  /** The channels of the stem, and so of every group, are whole. */
  void checkWidth(NetworkSettings network) {
    double channels = network.width() * STEM_CHANNELS;
    if (values.areGood("network.width") && channels != Math.rint(channels)) {
      values.report(
          "network.width",
          "gives the stem %s channels".formatted(channels),
          "a multiple of 1/%d".formatted(STEM_CHANNELS));
    }
  }

  /** All images of an evaluation fit its buffer. */
  void checkKnn(KnnSettings knn, NetworkSettings network) {
    if (!values.areGood("knn.every-epochs", "knn.max-images", "network.backbone", "network.width")
        || knn.everyEpochs() == 0) {
      return;
    }
    int most = KnnSettings.mostImages(network.features());
    if (knn.maxImages() > most) {
      values.report(
          "knn.max-images",
          "is more than an evaluation holds, with %s and %s"
              .formatted(values.mention("network.backbone"), values.mention("network.width")),
          "5 to " + most,
          "network.backbone",
          "network.width");
    }
  }

  /** What a device does not have. */
  void checkDevice(ComputeSettings compute) {
    if (values.areGood("compute.device", "compute.convolution")
        && !compute.device().equals("onednn")
        && compute.convolution() == ComputeSettings.Convolution.DIRECT) {
      values.report(
          "compute.convolution",
          "cannot be asked for, with " + values.mention("compute.device"),
          "auto, or compute.device=onednn",
          "compute.device");
    }
    if (values.areGood("compute.device", "compute.precision")
        && !compute.device().equals("cuda")
        && !compute.precision().equals("fp32")) {
      values.report(
          "compute.precision",
          "cannot be asked for, with " + values.mention("compute.device"),
          "fp32, or compute.device=cuda",
          "compute.device");
    }
  }

  /** What means nothing, or nothing good, to replicas that share encoded gradients. */
  void checkSharing(ParameterServerSettings server, TargetSettings target) {
    if (server.sharing().isEmpty()) {
      return;
    }
    if (values.areGood("parameter-server.mode", "parameter-server.target-sync")
        && server.targetSync() != ParameterServerSettings.TargetSync.LOCAL) {
      values.report(
          "parameter-server.target-sync",
          "cannot be asked for, with " + values.mention("parameter-server.mode"),
          "auto or local, which every replica does then",
          "parameter-server.mode");
    }
    SharingSettings sharing = server.sharing().get();
    checkOrder(
        "gradient-sharing.min-share", sharing.minShare(),
        "gradient-sharing.max-share", sharing.maxShare());
    // the target would move at its own step, and the weights that it follows later
    if (values.areGood("target.update", "gradient-sharing.staleness")
        && target.update() == TargetSettings.Update.BEFORE_FORWARD
        && sharing.staleness() > 0) {
      values.report(
          "target.update",
          "cannot be asked for, with " + values.mention("gradient-sharing.staleness"),
          "after-step, or gradient-sharing.staleness=0",
          "gradient-sharing.staleness");
    }
  }

  /** What NCCL cannot do. */
  void checkExchange(
      CollectiveSettings exchange, ComputeSettings compute, ParameterServerSettings server) {
    String kind = "collective.kind";
    if (!values.areGood(kind) || exchange.kind() != CollectiveSettings.Kind.NCCL) {
      return;
    }
    if (values.areGood("compute.device") && !compute.device().equals("cuda")) {
      values.report(
          kind,
          "cannot be asked for, with " + values.mention("compute.device"),
          "auto or tcp, or compute.device=cuda",
          "compute.device");
    }
    if (exchange.isEncrypted()) {
      values.report(
          kind,
          "cannot be asked for, with " + values.mention("collective.tls.key-store"),
          "auto or tcp, as NCCL does not encrypt",
          "collective.tls.key-store");
    }
    if (values.areGood("parameter-server.mode") && server.sharing().isPresent()) {
      values.report(
          kind,
          "cannot be asked for, with " + values.mention("parameter-server.mode"),
          "auto or tcp, which encoded gradients travel by",
          "parameter-server.mode");
    }
  }

  private void checkOrder(String minKey, double min, String maxKey, double max) {
    if (values.areGood(minKey, maxKey) && min > max) {
      values.report(minKey, "is above " + values.mention(maxKey), "at most " + max, maxKey);
    }
  }

  private static IntStream divisors(int number) {
    return IntStream.rangeClosed(1, number).filter(d -> number % d == 0);
  }

  private static String list(IntStream numbers) {
    List<Integer> all = numbers.boxed().toList();
    String shown =
        all.stream().limit(LONGEST_LIST).map(String::valueOf).collect(Collectors.joining(", "));
    return all.size() <= LONGEST_LIST ? shown : shown + ", ...";
  }
}
