package org.byol4j.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.AugmentSettings.Crop;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.augment.AugmentSettings.ViewRecipe;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.checkpoint.CheckpointSettings;
import org.byol4j.checkpoint.Checkpoints;
import org.byol4j.checkpoint.LocalStorage;
import org.byol4j.checkpoint.RunFolder;
import org.byol4j.checkpoint.RunStorage;
import org.byol4j.checkpoint.Section;
import org.byol4j.collective.CollectiveSettings;
import org.byol4j.collective.CollectiveSettings.Kind;
import org.byol4j.data.DataSettings;
import org.byol4j.data.StoreProgress;
import org.byol4j.device.ComputeSettings;
import org.byol4j.eval.CollapseSettings;
import org.byol4j.eval.CollapseSettings.Policy;
import org.byol4j.eval.KnnSettings;
import org.byol4j.image.Image;
import org.byol4j.image.ImageEncoder;
import org.byol4j.metrics.StepRecord;
import org.byol4j.nn.NetworkSettings.Backbone;
import org.byol4j.nn.NetworkSettings.PaddingStyle;
import org.byol4j.nn.NetworkSettings.Stem;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.ParameterServerSettings.TargetSync;
import org.byol4j.train.RunSettings.Resume;

/** A whole run of a {@link Setup} on images in a folder, and what it leaves behind. */
record TinyRun(
    Setup setup,
    Path data,
    Path out,
    Resume resume,
    int checkpointEvery,
    CollapseSettings collapse,
    Function<String, List<String>> differences,
    ParameterServerSettings server,
    String text) {

  /** Two epochs of three steps. */
  static final int STEPS = 6;

  /** How long replicas wait for each other. */
  static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final int SIZE = 16;
  private static final int IMAGES = 3 * Setup.BATCH;
  private static final int CLASSES = 3;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> WALL_CLOCK =
      List.of("step_ms", "data_wait_ms", "sent_bytes", "images_per_s", "time_ms");

  /**
   * A run of {@link #STEPS} steps that looks at the projections after every second one and
   * evaluates after each epoch.
   */
  static TinyRun of(Path data, Path out) {
    return new TinyRun(
            Setup.of(Backbone.RESNET18, Stem.CIFAR, PaddingStyle.SAME, SIZE),
            data,
            out,
            Resume.AUTO,
            1000,
            new CollapseSettings(Policy.WARN, 2, 0.1, 1.1, 2),
            saved -> List.of(),
            ParameterServerSettings.synchronous(TargetSync.BROADCAST, 1),
            "tiny = true\n")
        .withTrain(2, 5, 1);
  }

  /** Draws images in class folders: a colour wave of the class under noise of the image's own. */
  static Path drawImages(Path folder) {
    for (int i = 0; i < IMAGES; i++) {
      drawImage(folder, i);
    }
    return folder;
  }

  static void drawImage(Path folder, int number) {
    int kind = number % CLASSES;
    double[] wave = new Random(kind).doubles(6, -2, 2).toArray();
    Random noise = new Random(1000 + number);
    byte[] rgb = new byte[SIZE * SIZE * Image.CHANNELS];
    for (int i = 0; i < rgb.length; i++) {
      int channel = i % Image.CHANNELS;
      int column = i / Image.CHANNELS % SIZE;
      int row = i / Image.CHANNELS / SIZE;
      double phase = 4 * (wave[channel] * column + wave[3 + channel] * row) / SIZE;
      rgb[i] = (byte) Math.round(128 + 80 * Math.sin(phase) + 40 * (noise.nextDouble() - 0.5));
    }
    Path file = folder.resolve("class" + kind).resolve(number + ".png");
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, ImageEncoder.png(new Image(SIZE, SIZE, rgb)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  TinyRun withSetup(Setup other) {
    return new TinyRun(
        other, data, out, resume, checkpointEvery, collapse, differences, server, text);
  }

  TinyRun withTrain(int epochs, long seed, int replicas) {
    return withSetup(setup.withTrain(new TrainSettings(epochs, Setup.BATCH, 1, seed, 1, replicas)));
  }

  TinyRun withData(Path other) {
    return new TinyRun(
        setup, other, out, resume, checkpointEvery, collapse, differences, server, text);
  }

  TinyRun withOut(Path other) {
    return new TinyRun(
        setup, data, other, resume, checkpointEvery, collapse, differences, server, text);
  }

  TinyRun withResume(Resume other) {
    return new TinyRun(
        setup, data, out, other, checkpointEvery, collapse, differences, server, text);
  }

  TinyRun withCheckpointEvery(int steps) {
    return new TinyRun(setup, data, out, resume, steps, collapse, differences, server, text);
  }

  TinyRun withCollapse(CollapseSettings other) {
    return new TinyRun(setup, data, out, resume, checkpointEvery, other, differences, server, text);
  }

  TinyRun withDifferences(Function<String, List<String>> other) {
    return new TinyRun(setup, data, out, resume, checkpointEvery, collapse, other, server, text);
  }

  TinyRun withServer(ParameterServerSettings other) {
    return new TinyRun(
        setup, data, out, resume, checkpointEvery, collapse, differences, other, text);
  }

  /** With another text of the configuration, which checkpoints and {@code config.conf} keep. */
  TinyRun withText(String other) {
    return new TinyRun(
        setup, data, out, resume, checkpointEvery, collapse, differences, server, other);
  }

  RunSummary run() {
    return run(new StopSignal(), RunObserver.NONE);
  }

  /** Runs, but asks to stop as soon as {@code steps} steps of the run are done. */
  RunSummary runUntil(long steps) {
    StopSignal stop = new StopSignal();
    return run(
        stop,
        entry -> {
          if (entry.step() + 1 == steps) {
            stop.request();
          }
        });
  }

  /** Runs with somebody who sees the steps. */
  RunSummary run(StopSignal stop, StepWatch watch) {
    return run(
        stop,
        new RunObserver() {
          @Override
          public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {}

          @Override
          public void stepDone(StepRecord entry) {
            watch.stepDone(entry);
          }

          @Override
          public void says(String message) {}
        });
  }

  /** Runs, and returns what is said meanwhile. */
  List<String> said() {
    List<String> said = Collections.synchronizedList(new ArrayList<>());
    run(
        new StopSignal(),
        new RunObserver() {
          @Override
          public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {}

          @Override
          public void stepDone(StepRecord entry) {}

          @Override
          public void says(String message) {
            said.add(message);
          }
        });
    return said;
  }

  private RunSummary run(StopSignal stop, RunObserver observer) {
    return run(new ThreadLauncher(PATIENCE, stop, observer), 0, stop, observer);
  }

  RunSummary run(ReplicaLauncher launcher, int maxRestarts, StopSignal stop, RunObserver observer) {
    return new Trainer(settings(), maxRestarts, launcher, stop, observer, StoreProgress.NONE).run();
  }

  /** Sees the steps of a run. */
  @FunctionalInterface
  interface StepWatch {
    void stepDone(StepRecord entry);
  }

  RunFolder folder() {
    return new RunFolder(out);
  }

  /** The complete checkpoints, the oldest first. */
  List<String> checkpoints() {
    try {
      return new Checkpoints(new LocalStorage(folder().checkpoints())).complete();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The checkpoint after {@code steps} steps. */
  Checkpoint checkpoint(long steps) {
    LocalStorage storage = new LocalStorage(folder().checkpoints());
    return new CheckpointReader(storage).read(Checkpoints.nameOf(steps));
  }

  /** The state after {@code steps} steps; without a residual where there is none. */
  Map<Section, float[]> state(long steps) {
    Checkpoint checkpoint = checkpoint(steps);
    Map<Section, float[]> state = new EnumMap<>(Section.class);
    for (Section section : Section.values()) {
      state.put(section, checkpoint.values(section));
    }
    return state;
  }

  /** The lines of {@code metrics.jsonl}, less what the wall clock says. */
  List<ObjectNode> metrics() {
    try {
      List<ObjectNode> lines = new ArrayList<>();
      for (String line : Files.readAllLines(folder().metrics())) {
        ObjectNode json = (ObjectNode) JSON.readTree(line);
        lines.add(json.remove(WALL_CLOCK));
      }
      return lines;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  RunSettings settings() {
    return new RunSettings(
        data.toString(),
        RunStorage.of(out),
        resume,
        setup.train(),
        new DataSettings(0, 0.01, 1_000_000, 1, 2),
        augment(),
        setup.network(),
        setup.optimizer(),
        setup.target(),
        server,
        new CheckpointSettings(checkpointEvery, 10, 0),
        new KnnSettings(1, 5, 0.1, IMAGES, SIZE),
        collapse,
        new ComputeSettings(
            "onednn", "fp32", 1, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO),
        new CollectiveSettings(Kind.AUTO, false, Duration.ofMinutes(1)),
        text,
        differences);
  }

  private static AugmentSettings augment() {
    ViewRecipe view1 = new ViewRecipe(.5, .8, .4, .4, .2, .1, .2, 1, .1, 2, 0, .5);
    ViewRecipe view2 = new ViewRecipe(.5, .8, .4, .4, .2, .1, .2, .1, .1, 2, .2, .5);
    return new AugmentSettings(
        Style.DEEPMIND,
        SIZE,
        new Crop(0.3, 1, 3.0 / 4, 4.0 / 3),
        view1,
        view2,
        List.of(0.485, 0.456, 0.406),
        List.of(0.229, 0.224, 0.225),
        AugmentSettings.Place.AUTO);
  }
}
