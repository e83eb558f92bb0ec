package org.byol4j.train;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.checkpoint.RunIdentity;
import org.byol4j.collective.Collective;
import org.byol4j.data.DataException;
import org.byol4j.data.ImageStore;
import org.byol4j.device.Device;
import org.byol4j.device.cuda.GpuGroup;
import org.byol4j.nn.Architecture;

/**
 * What one replica does, wherever it runs: opens its device, takes over the checkpoint, and steps
 * in lockstep with the others, writing its share of checkpoints. Rank 0 also writes the run's other
 * files.
 */
public final class ReplicaTask {
  private final RunStart start;
  private final RunSettings settings;
  private final ImageStore store;
  private final Collective collective;
  private final StopSignal stop;
  private final RunObserver observer;
  private final String gpu;

  /**
   * @param store the images of the run
   * @param collective the group; stays the caller's, who aborts it where this replica fails
   * @param stop if requested here, all replicas end after the same step
   * @param observer hears of the steps on rank 0, and of nothing elsewhere
   * @param gpu the address of the GPU that was given to it; empty if none was
   */
  public ReplicaTask(
      RunStart start,
      ImageStore store,
      Collective collective,
      StopSignal stop,
      RunObserver observer,
      String gpu) {
    this.start = start;
    this.settings = start.settings();
    this.store = store;
    this.collective = collective;
    this.stop = stop;
    this.observer = observer;
    this.gpu = gpu;
  }

  /**
   * Runs to the end, or to an agreed stop.
   *
   * @return how the run ended, on rank 0; empty elsewhere
   * @throws DataException if the store does not hold the images of the run
   * @throws org.byol4j.device.cuda.NcclException if the settings want what replicas' GPUs cannot do
   * @throws CollapsedException if the representation collapses and the settings say to stop then
   * @throws org.byol4j.checkpoint.StorageException if checkpoints can be neither read nor written
   */
  public Optional<RunSummary> run() {
    try (Device device = Devices.open(settings.compute(), gpu);
        GpuGroup group = GpuGroup.of(collective, device, settings.collective(), observer::says)) {
      try {
        return run(device, group.collective());
      } catch (RuntimeException | Error e) {
        group.failed(e);
        throw e;
      }
    }
  }

  private Optional<RunSummary> run(Device device, Collective group) {
    checkImages();
    Optional<Checkpoint> resumed = start.isResumed() ? Optional.of(checkpoint()) : Optional.empty();
    RunPlan plan = plan(device, resumed);
    if (collective.rank() == 0) {
      resumed.ifPresent(checkpoint -> sayResumed(checkpoint, plan));
      return Optional.of(runAndWrite(plan, device, group, resumed));
    }
    loop(plan, device, group, Optional.empty()).run(resumed);
    return Optional.empty();
  }

  private RunSummary runAndWrite(
      RunPlan plan, Device device, Collective group, Optional<Checkpoint> resumed) {
    long begin = System.nanoTime();
    try (RunLog log = new RunLog(plan, start.asAttempt(), observer)) {
      long steps = loop(plan, device, group, Optional.of(log)).run(resumed);
      double seconds = (System.nanoTime() - begin) / 1e9;
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

  private ReplicaLoop loop(RunPlan plan, Device device, Collective group, Optional<RunLog> log) {
    return new ReplicaLoop(plan, device, group, start.asAttempt(), stop, log);
  }

  private RunPlan plan(Device device, Optional<Checkpoint> resumed) {
    TrainSettings train = settings.train();
    return new RunPlan(
        settings,
        new Architecture(settings.network()),
        store,
        start.images().plan(settings.dataSettings(), train),
        new RunIdentity(
            train.seed(), settings.configuration(), start.images().sha256(), fingerprint(device)),
        resumed.map(found -> found.manifest().step()).orElse(0L),
        resumed.map(found -> RunCheckpoints.unhealthyLooks(found.manifest().counters())).orElse(0));
  }

  private void checkImages() {
    String hash = store.manifest().hash();
    if (!hash.equals(start.images().sha256())) {
      throw new DataException(
          "not the images of the run: source=%s hash=%s, expected %s"
              .formatted(store.manifest().source(), hash, start.images().sha256()));
    }
  }

  private Checkpoint checkpoint() {
    return new CheckpointReader(settings.out().checkpoints()).read(start.checkpoint());
  }

  private void sayResumed(Checkpoint checkpoint, RunPlan plan) {
    List<String> bits =
        plan.identity().fingerprintDifferencesFrom(checkpoint.manifest().identity());
    if (!bits.isEmpty()) {
      observer.says(
          "resumed exactly in data and schedule, but not to the bit: " + String.join(", ", bits));
    }
    observer.says("resuming at step=%d from %s".formatted(plan.firstStep(), checkpoint.describe()));
  }

  /** What the bits of this run depend on. */
  private Map<String, String> fingerprint(Device device) {
    Map<String, String> fingerprint = new TreeMap<>(device.fingerprint());
    if (ViewBatches.areOnDevice(settings.augment(), device)) {
      fingerprint.put("views", "device");
    }
    fingerprint.put("replicas", Integer.toString(settings.train().replicas()));
    // updates that are late are done before each checkpoint
    if (settings.server().sharing().filter(sharing -> sharing.staleness() > 0).isPresent()) {
      fingerprint.put(
          "checkpoint-every-steps", Integer.toString(settings.checkpoint().everySteps()));
    }
    return fingerprint;
  }
}
