package org.byol4j.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.checkpoint.Checkpoints;
import org.byol4j.checkpoint.LocalStorage;
import org.byol4j.checkpoint.RunFolder;
import org.byol4j.checkpoint.RunIdentity;
import org.byol4j.checkpoint.RunLock;
import org.byol4j.checkpoint.Section;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.data.ImageSource;
import org.byol4j.data.ImageStore;
import org.byol4j.data.ShardPlan;
import org.byol4j.data.StoreProgress;
import org.byol4j.device.Device;
import org.byol4j.nn.Architecture;

/**
 * Drives a run whose replicas are threads of this process: settles the data, finds the checkpoint
 * to continue, and lets the replicas step in lockstep until they are done or one of them fails.
 */
public final class Trainer {
  private final RunSettings settings;
  private final StopSignal stop;
  private final RunObserver observer;
  private final StoreProgress storeProgress;
  private final RunFolder folder;

  public Trainer(
      RunSettings settings, StopSignal stop, RunObserver observer, StoreProgress storeProgress) {
    this.settings = settings;
    this.stop = stop;
    this.observer = observer;
    this.storeProgress = storeProgress;
    this.folder = new RunFolder(settings.out());
  }

  /**
   * Runs to the end, or to a requested stop.
   *
   * @throws ResumeRefusedException if the folder holds a run that this one must not continue
   * @throws CollapsedException if the representation collapses and the settings say to stop then
   * @throws org.byol4j.data.DataException if the images are not what they should be
   * @throws StorageException if checkpoints can be neither read nor written
   * @throws UncheckedIOException if another file of the run cannot be read or written
   */
  public RunSummary run() {
    createFolder();
    RunLock lock = RunLock.take(folder);
    try {
      return runAlone();
    } finally {
      lock.close();
    }
  }

  /** Runs while no other process writes to the run's folder. */
  private RunSummary runAlone() {
    Optional<Checkpoint> checkpoint = newestCheckpoint();
    ImageStore store =
        ImageStore.open(
            ImageSource.at(settings.data()),
            folder.store(),
            settings.dataSettings(),
            storeProgress);
    TrainSettings train = settings.train();
    ShardPlan shards =
        ShardPlan.of(
            store.size(),
            settings.dataSettings(),
            train.batchSize(),
            train.microBatches(),
            train.seed());
    shards.checkReplicas(train.replicas());
    RunPlan plan =
        new RunPlan(
            settings,
            new Architecture(settings.network()),
            store,
            shards,
            new RunIdentity(
                train.seed(), settings.configuration(), store.manifest().hash(), fingerprint()),
            checkpoint.map(found -> found.manifest().step()).orElse(0L),
            checkpoint.map(found -> RunLog.unhealthyLooks(found.manifest().counters())).orElse(0));
    checkpoint.ifPresent(found -> checkContinues(found, plan));
    writeConfiguration();
    return runReplicas(plan, checkpoint.map(RunState::load));
  }

  private RunSummary runReplicas(RunPlan plan, Optional<Map<Section, float[]>> resumed) {
    long start = System.nanoTime();
    try (RunLog log = new RunLog(plan, observer)) {
      long steps = inLockstep(plan, resumed, log);
      double seconds = (System.nanoTime() - start) / 1e9;
      double images = (double) (steps - plan.firstStep()) * settings.train().batchSize();
      return new RunSummary(
          steps,
          steps == plan.totalSteps(),
          log.lastLoss(),
          images / seconds,
          seconds,
          log.lastCheckpoint());
    }
  }

  /** Runs every replica on a thread of its own; all do the same number of steps. */
  private long inLockstep(RunPlan plan, Optional<Map<Section, float[]>> resumed, RunLog log) {
    List<Long> steps =
        LocalReplicas.run(
            settings.train().replicas(),
            collective -> {
              Optional<RunLog> writer =
                  collective.rank() == 0 ? Optional.of(log) : Optional.empty();
              try (Device device = Devices.open(settings.compute())) {
                return new ReplicaLoop(plan, device, collective, stop, writer).run(resumed);
              }
            });
    return steps.get(0);
  }

  private Optional<Checkpoint> newestCheckpoint() {
    LocalStorage storage = new LocalStorage(folder.checkpoints());
    Optional<String> newest;
    try {
      newest = new Checkpoints(storage).latest();
    } catch (IOException e) {
      throw new StorageException("%s: cannot be listed: %s".formatted(folder.checkpoints(), e), e);
    }
    if (newest.isPresent() && settings.resume() == RunSettings.Resume.NEVER) {
      throw new ResumeRefusedException(
          "%s holds a run already, checkpoint=%s: expected an empty folder, or --resume auto"
              .formatted(settings.out(), newest.get()));
    }
    return newest.map(new CheckpointReader(storage)::read);
  }

  private void checkContinues(Checkpoint checkpoint, RunPlan plan) {
    RunIdentity saved = checkpoint.manifest().identity();
    List<String> differences = new ArrayList<>(plan.identity().differencesFrom(saved));
    differences.addAll(settings.differences().apply(saved.configuration()));
    if (!differences.isEmpty()) {
      throw new ResumeRefusedException(
          "%s cannot be continued, it differs in:%n  %s"
              .formatted(
                  checkpoint.describe(), String.join(System.lineSeparator() + "  ", differences)));
    }
    List<String> bits = plan.identity().fingerprintDifferencesFrom(saved);
    if (!bits.isEmpty()) {
      observer.says(
          "resumed exactly in data and schedule, but not to the bit: " + String.join(", ", bits));
    }
    observer.says("resuming at step=%d from %s".formatted(plan.firstStep(), checkpoint.describe()));
  }

  /** What the bits of this run depend on. */
  private Map<String, String> fingerprint() {
    Map<String, String> fingerprint = new TreeMap<>();
    try (Device device = Devices.open(settings.compute())) {
      fingerprint.putAll(device.fingerprint());
    }
    fingerprint.put("replicas", Integer.toString(settings.train().replicas()));
    return fingerprint;
  }

  private void createFolder() {
    try {
      Files.createDirectories(folder.checkpoints());
    } catch (IOException e) {
      throw new StorageException(
          "%s: the run's folder cannot be made: %s".formatted(settings.out(), e), e);
    }
  }

  private void writeConfiguration() {
    Path file = folder.configuration();
    try {
      Files.writeString(file, settings.configuration());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write %s: %s".formatted(file, e.getMessage()), e);
    }
  }
}
