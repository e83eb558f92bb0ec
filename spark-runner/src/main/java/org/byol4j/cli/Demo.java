package org.byol4j.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.checkpoint.RunFolder;
import org.byol4j.cli.demo.DrawnImages;
import org.byol4j.config.Configuration;
import org.byol4j.data.ImageSource;
import org.byol4j.data.ImageStore;
import org.byol4j.data.StoreProgress;
import org.byol4j.spark.BarrierLauncher;
import org.byol4j.spark.RunConfiguration;
import org.byol4j.train.RunObserver;
import org.byol4j.train.RunSettings;
import org.byol4j.train.RunSummary;
import org.byol4j.train.StopSignal;
import org.byol4j.train.Trainer;

/**
 * The whole way in one command: draws images, pretrains a backbone on them without their labels,
 * and compares its features with raw pixels and with the same backbone untrained.
 */
final class Demo {
  private final DemoFolder folder;
  private final Configuration configuration;
  private final int trainPerClass;
  private final int testPerClass;
  private final StopSignal stop;
  private final RunObserver observer;

  /**
   * A demo.
   *
   * @param configuration how to train and evaluate; its seed is the images', too
   * @param trainPerClass images of each class that are trained on
   * @param testPerClass images of each class that are classified
   * @param observer hears of every part that begins
   */
  Demo(
      DemoFolder folder,
      Configuration configuration,
      int trainPerClass,
      int testPerClass,
      StopSignal stop,
      RunObserver observer) {
    this.folder = folder;
    this.configuration = configuration;
    this.trainPerClass = trainPerClass;
    this.testPerClass = testPerClass;
    this.stop = stop;
    this.observer = observer;
  }

  /** Runs; empty if it was asked to stop before the end. */
  Optional<DemoResult> run() {
    draw();
    if (stop.isRequested()) {
      return Optional.empty();
    }
    KnnEvaluation evaluation =
        new KnnEvaluation(
            configuration,
            store(folder.train(), new RunFolder(folder.run()).store()),
            store(folder.test(), folder.testStore()));
    observer.says("classifying test images by raw pixels and by the untrained backbone");
    double pixels = evaluation.pixels().top1();
    if (stop.isRequested()) {
      return Optional.empty();
    }
    double untrained = evaluation.untrained().top1();
    if (stop.isRequested()) {
      return Optional.empty();
    }

    observer.says("training without labels");
    RunSettings settings =
        RunConfiguration.settings(
            configuration,
            folder.train().toString(),
            folder.run().toString(),
            RunSettings.Resume.NEVER);
    RunSummary summary;
    try {
      summary = train(settings);
    } catch (CancellationException e) {
      // it was asked to stop before the replicas ran
      return Optional.empty();
    }
    if (!summary.finished()) {
      return Optional.empty();
    }
    observer.says("classifying test images by the trained backbone");
    double trained =
        evaluation.trained(CheckpointReader.open(Path.of(summary.checkpoint()))).top1();
    return Optional.of(new DemoResult(pixels, untrained, trained, summary));
  }

  private RunSummary train(RunSettings settings) {
    try (BarrierLauncher launcher = BarrierLauncher.of(configuration, "", stop, observer)) {
      int restarts = configuration.cluster().maxRestarts();
      return new Trainer(settings, restarts, launcher, stop, observer, StoreProgress.NONE).run();
    }
  }

  private void draw() {
    observer.says(
        "drawing %d training and %d test images of %d classes"
            .formatted(
                trainPerClass * DrawnImages.CLASSES,
                testPerClass * DrawnImages.CLASSES,
                DrawnImages.CLASSES));
    DrawnImages images =
        new DrawnImages(configuration.augment().size(), configuration.train().seed());
    images.write(folder.train(), DrawnImages.Split.TRAIN, trainPerClass);
    images.write(folder.test(), DrawnImages.Split.TEST, testPerClass);
  }

  private ImageStore store(Path images, Path store) {
    return ImageStore.open(ImageSource.at(images), store, configuration.data(), StoreProgress.NONE);
  }
}
