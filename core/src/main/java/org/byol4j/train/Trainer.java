package org.byol4j.train;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.checkpoint.Checkpoints;
import org.byol4j.checkpoint.RunIdentity;
import org.byol4j.checkpoint.RunLease;
import org.byol4j.checkpoint.RunStorage;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.data.OtherImagesException;
import org.byol4j.data.ShardPlan;
import org.byol4j.data.StoreProgress;
import org.byol4j.metrics.StepRecord;

/**
 * Drives a run: settles the data, finds the checkpoint to continue, has the replicas launched, and
 * has them launched again from the newest checkpoint when some were lost.
 */
public final class Trainer {
  private final RunSettings settings;
  private final int maxRestarts;
  private final ReplicaLauncher launcher;
  private final StopSignal stop;
  private final RunObserver observer;
  private final StoreProgress storeProgress;
  private final RunStorage out;

  /**
   * @param maxRestarts how often replicas are launched again after some were lost
   * @param stop once it is requested, nothing is launched again
   */
  public Trainer(
      RunSettings settings,
      int maxRestarts,
      ReplicaLauncher launcher,
      StopSignal stop,
      RunObserver observer,
      StoreProgress storeProgress) {
    this.settings = settings;
    this.maxRestarts = maxRestarts;
    this.launcher = launcher;
    this.stop = stop;
    this.observer = observer;
    this.storeProgress = storeProgress;
    this.out = settings.out();
  }

  /**
   * Runs to the end, or to a requested stop; a run that has reached its end is left as it is, but
   * for an evaluation of its last step that it lacks, and its last checkpoint is checked.
   *
   * @throws org.byol4j.checkpoint.CheckpointException if the checkpoint to continue, or that of the
   *     end, is damaged
   * @throws ResumeRefusedException if the folder holds a run that this one must not continue
   * @throws CollapsedException if the representation collapses and the settings say to stop then
   * @throws LostReplicaException if replicas were lost more than {@code maxRestarts} times
   * @throws org.byol4j.data.DataException if the images are not what they should be
   * @throws StorageException if checkpoints can be neither read nor written
   * @throws java.io.UncheckedIOException if another file of the run cannot be read or written
   */
  public RunSummary run() {
    RunLease lease = out.lease();
    try {
      return runAlone(lease);
    } finally {
      lease.close();
    }
  }

  /** Runs while no other process writes to the run's folder. */
  private RunSummary runAlone(RunLease lease) {
    Optional<Checkpoint> checkpoint = newestCheckpoint();
    checkpoint.ifPresent(this::checkMayContinue);
    checkpoint.ifPresent(this::checkSettings);
    SettledImages images = settle(checkpoint);
    ShardPlan shards = images.plan(settings.dataSettings(), settings.train());
    shards.checkReplicas(settings.train().replicas());
    checkpoint.ifPresent(found -> checkShards(found, shards.shards()));
    long totalSteps = (long) settings.train().epochs() * shards.stepsPerEpoch();
    if (checkpoint.isPresent()
        && checkpoint.get().manifest().step() == totalSteps
        && !lacksEvaluation(totalSteps, shards.stepsPerEpoch(), images.classes())) {
      // nobody else reads its weights here
      checkpoint.get().check();
      return RunSummary.alreadyComplete(totalSteps, checkpoint.get().describe());
    }
    return launchUntilDone(checkpoint, images, lease);
  }

  /** Whether a run whose last step is done was ended in the evaluation after it. */
  private boolean lacksEvaluation(long steps, int stepsPerEpoch, int classes) {
    return KnnMonitor.isDue(settings.knn(), steps, stepsPerEpoch, classes)
        && StepRecord.parse(RunMetrics.lastLine(out).getBytes(StandardCharsets.UTF_8))
            .filter(entry -> entry.step() + 1 == steps && entry.knnTop1().isEmpty())
            .isPresent();
  }

  private RunSummary launchUntilDone(
      Optional<Checkpoint> first, SettledImages images, RunLease lease) {
    Optional<Checkpoint> checkpoint = first;
    for (int restarts = 0; ; restarts++) {
      String name = checkpoint.map(found -> Checkpoints.nameOf(found.manifest().step())).orElse("");
      try {
        return launcher.launch(new RunStart(settings, images, name, lease.nextAttempt()));
      } catch (LostReplicaException e) {
        if (restarts == maxRestarts || stop.isRequested()) {
          throw new LostReplicaException(
              "%s; restarts=%d cluster.max-restarts=%d"
                  .formatted(e.getMessage(), restarts, maxRestarts),
              e);
        }
        checkpoint = newestCheckpoint();
        observer.says(
            "restart %d of %d, from %s: %s"
                .formatted(
                    restarts + 1,
                    maxRestarts,
                    checkpoint.map(Checkpoint::describe).orElse("the beginning"),
                    e.getMessage()));
      }
    }
  }

  private Optional<Checkpoint> newestCheckpoint() {
    Storage storage = out.checkpoints();
    try {
      return new Checkpoints(storage).latest().map(new CheckpointReader(storage)::read);
    } catch (IOException e) {
      throw new StorageException("%s: cannot be listed: %s".formatted(storage.describe(""), e), e);
    }
  }

  private void checkMayContinue(Checkpoint checkpoint) {
    if (settings.resume() == RunSettings.Resume.NEVER) {
      throw new ResumeRefusedException(
          "%s holds a run already, checkpoint=%s: expected an empty folder, or --resume auto"
              .formatted(out.location(), Checkpoints.nameOf(checkpoint.manifest().step())));
    }
  }

  /** Settles the images; what the run has of them stays as it is where they are others. */
  private SettledImages settle(Optional<Checkpoint> checkpoint) {
    if (checkpoint.isEmpty()) {
      return launcher.settle(settings, "", storeProgress);
    }
    String sha256 = checkpoint.get().manifest().identity().dataSha256();
    try {
      return launcher.settle(settings, sha256, storeProgress);
    } catch (OtherImagesException e) {
      throw refused(checkpoint.get(), List.of(e.getMessage()));
    }
  }

  /** Looks at the settings before anything of the images is touched. */
  private void checkSettings(Checkpoint checkpoint) {
    RunIdentity saved = checkpoint.manifest().identity();
    // as the configuration says it, where it does
    Set<String> differences =
        new LinkedHashSet<>(settings.differences().apply(saved.configuration()));
    if (settings.train().seed() != saved.seed()) {
      differences.add("train.seed: %d -> %d".formatted(saved.seed(), settings.train().seed()));
    }
    if (!differences.isEmpty()) {
      throw refused(checkpoint, differences);
    }
  }

  private void checkShards(Checkpoint checkpoint, int shards) {
    long saved = RunCheckpoints.shards(checkpoint.manifest().counters());
    if (saved != 0 && saved != shards) {
      throw refused(checkpoint, List.of("data.shards: %d -> %d".formatted(saved, shards)));
    }
  }

  /**
   * @param differences what was and what is now, {@code name: old -> new}
   */
  private ResumeRefusedException refused(Checkpoint checkpoint, Collection<String> differences) {
    return new ResumeRefusedException(
        "%s cannot be continued, it differs in (old -> new):%n  %s%n%s"
            .formatted(
                checkpoint.describe(),
                String.join(System.lineSeparator() + "  ", differences),
                remedy(checkpoint)));
  }

  private String remedy(Checkpoint checkpoint) {
    return checkpoint.manifest().step() > 0
        ? "expected what it was begun with, or another --out for a new run"
        : "no step is done yet: delete %s to start anew, or take another --out"
            .formatted(out.location());
  }
}
