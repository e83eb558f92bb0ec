package org.byol4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.checkpoint.WeightsDigest;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.data.StoreProgress;
import org.byol4j.image.Image;
import org.byol4j.image.ImageEncoder;
import org.byol4j.spark.input.Dataset;
import org.byol4j.train.ReplicaLauncher;
import org.byol4j.train.RunObserver;
import org.byol4j.train.RunSettings.Resume;
import org.byol4j.train.RunSummary;
import org.byol4j.train.StopSignal;
import org.byol4j.train.ThreadLauncher;
import org.byol4j.train.Trainer;

/**
 * A run of six steps on a few drawn images, with a network of a few channels.
 *
 * @param out the run's folder
 * @param assignments more keys, {@code key=value}
 */
record SmallRun(Path images, Path out, List<String> assignments) {
  private static final int IMAGES = 12;
  private static final int SIZE = 16;

  /** How many steps a run has. */
  static final int STEPS = 6;

  /** What makes it small. */
  static final List<String> SMALL =
      List.of(
          "train.epochs=2",
          "train.batch-size=4",
          "train.checkpoint-every-steps=2",
          "optimizer.warmup-epochs=0",
          "network.width=0.125",
          "heads.hidden=8",
          "heads.output=4",
          "knn.every-epochs=0",
          "compute.threads=1",
          "data.workers=1");

  static SmallRun in(Path folder, String name, String... assignments) {
    return new SmallRun(
        drawImages(folder.resolve("images")), folder.resolve(name), List.of(assignments));
  }

  private static Path drawImages(Path folder) {
    Random random = new Random(3);
    for (int i = 0; i < IMAGES; i++) {
      byte[] rgb = new byte[SIZE * SIZE * Image.CHANNELS];
      for (int p = 0; p < rgb.length; p++) {
        rgb[p] = (byte) (random.nextInt(100) + (i % 2) * 150);
      }
      Path file = folder.resolve(i % 2 == 0 ? "dark" : "bright").resolve(i + ".png");
      try {
        Files.createDirectories(file.getParent());
        if (!Files.exists(file)) {
          Files.write(file, ImageEncoder.png(new Image(SIZE, SIZE, rgb)));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return folder;
  }

  /**
   * The same run with images that no other test has: a JVM keeps the shards that its replicas have
   * copied, and would not copy them again.
   */
  SmallRun withImagesOfItsOwn() {
    Path dark = images.resolve("dark");
    try {
      Files.move(dark, images.resolve("dark-" + UUID.randomUUID()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  SmallRun with(String... more) {
    List<String> all = new ArrayList<>(assignments);
    all.addAll(List.of(more));
    return new SmallRun(images, out, all);
  }

  Configuration configuration() {
    List<Assignment> all =
        Stream.concat(SMALL.stream(), assignments.stream())
            .map(text -> new Assignment("--set", text))
            .toList();
    return Configuration.ofFile(Path.of("..", "conf", "cifar10-small.conf"), all);
  }

  /** Ingests its images on an embedded Spark. */
  Dataset ingestTo(Path folder, int shards) {
    return ingest(configuration(), images.toString(), folder, shards);
  }

  /** Ingests images on an embedded Spark, or where the configuration says. */
  static Dataset ingest(Configuration configuration, String data, Path folder, int shards) {
    return new ImageJobs(configuration.cluster(), "", new StopSignal(), RunObserver.NONE)
        .ingest(configuration.data(), data, folder.toString(), shards);
  }

  /** Runs on an embedded Spark, or where the assignments say. */
  RunSummary onSpark() {
    return onSpark("", new StopSignal(), RunObserver.NONE);
  }

  RunSummary onSpark(String master, StopSignal stop, RunObserver observer) {
    try (BarrierLauncher launcher = BarrierLauncher.of(configuration(), master, stop, observer)) {
      return run(launcher, stop, observer);
    }
  }

  /** Runs on threads of this process, without Spark. */
  RunSummary onThreads() {
    return onThreads(new StopSignal(), RunObserver.NONE);
  }

  RunSummary onThreads(StopSignal stop, RunObserver observer) {
    return run(new ThreadLauncher(Duration.ofMinutes(10), stop, observer), stop, observer);
  }

  RunSummary run(ReplicaLauncher launcher, StopSignal stop, RunObserver observer) {
    Configuration configuration = configuration();
    return new Trainer(
            RunConfiguration.settings(
                configuration, images.toString(), out.toString(), Resume.AUTO),
            configuration.cluster().maxRestarts(),
            launcher,
            stop,
            observer,
            StoreProgress.NONE)
        .run();
  }

  /** The hashes of the newest checkpoint's state. */
  String digest() {
    return WeightsDigest.of(CheckpointReader.open(out)).toString();
  }
}
