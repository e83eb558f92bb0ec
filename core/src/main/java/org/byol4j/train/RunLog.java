package org.byol4j.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.byol4j.checkpoint.Attempt;
import org.byol4j.checkpoint.Checkpoints;
import org.byol4j.checkpoint.Retries;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.checkpoint.Upload;
import org.byol4j.eval.CollapseWatch;
import org.byol4j.metrics.StepRecord;

/**
 * What a run writes down besides checkpoints, on rank 0: its configuration, metrics, evaluations
 * and what the collapse watch has to say.
 */
final class RunLog implements AutoCloseable {
  private static final String CONFIGURATION = "config.conf";

  private final RunPlan plan;
  private final Attempt attempt;
  private final Storage storage;
  private final RunObserver observer;
  private final RunMetrics metrics;
  private final CollapseWatch watch;
  private double lastLoss = Double.NaN;
  private String lastCheckpoint;

  RunLog(RunPlan plan, Attempt attempt, RunObserver observer) {
    RunSettings settings = plan.settings();
    this.plan = plan;
    this.attempt = attempt;
    this.storage = settings.out().checkpoints();
    this.observer = observer;
    this.metrics = RunMetrics.open(settings.out(), attempt, plan.firstStep());
    this.watch =
        new CollapseWatch(settings.collapse(), settings.network().output(), plan.unhealthyLooks());
    this.lastCheckpoint = plan.firstStep() > 0 ? Checkpoints.nameOf(plan.firstStep()) : "";
  }

  /**
   * Says that the steps begin; if there are any, writes down what they are made with.
   *
   * @throws StorageException if that cannot be written
   */
  void begin() {
    if (plan.firstStep() < plan.totalSteps()) {
      writeConfiguration();
    }
    observer.begins(plan.firstStep(), plan.totalSteps(), plan.shards().stepsPerEpoch());
  }

  private void writeConfiguration() {
    Storage files = plan.settings().out().files();
    try {
      Retries.standard().run(() -> tryWritingConfiguration(files));
    } catch (IOException e) {
      throw new StorageException(
          "cannot write %s: %s".formatted(files.describe(CONFIGURATION), e.getMessage()), e);
    }
  }

  private String tryWritingConfiguration(Storage files) throws IOException {
    attempt.check();
    byte[] text = plan.settings().configuration().getBytes(StandardCharsets.UTF_8);
    try (Upload upload = files.create(CONFIGURATION)) {
      upload.write(ByteBuffer.wrap(text));
      upload.commit();
    }
    return CONFIGURATION;
  }

  /**
   * The step that the run goes on from, if its line lacks the result of an evaluation; whether one
   * was due, the line does not say.
   */
  Optional<StepRecord> unevaluated() {
    return metrics
        .continued()
        .filter(entry -> entry.step() + 1 == plan.firstStep() && entry.knnTop1().isEmpty());
  }

  /**
   * Writes a step down that is not evaluated yet, and looks whether the representation is healthy.
   *
   * @throws CollapsedException if it is not and the policy is to stop
   */
  void append(StepRecord entry) {
    metrics.append(entry);
    lastLoss = entry.loss();
    entry.effectiveRank().ifPresent(rank -> look(entry, rank));
  }

  /** Says that a step that was written down is done, and what its evaluation gave, if any. */
  void stepDone(StepRecord entry) {
    if (entry.knnTop1().isPresent()) {
      metrics.amend(entry);
      metrics.flush();
    }
    observer.stepDone(entry);
    sayEvaluated(entry);
  }

  /** Puts down what the evaluation of the step that the run goes on from gave. */
  void madeUpFor(StepRecord entry) {
    metrics.amend(entry);
    metrics.flush();
    sayEvaluated(entry);
  }

  private void sayEvaluated(StepRecord entry) {
    entry
        .knnTop1()
        .ifPresent(
            share ->
                observer.says(
                    "kNN monitor: epoch=%d top1=%.4f".formatted(entry.epoch() + 1, share)));
  }

  /** Returns when everything that a checkpoint stands for lies, durably, in the run's folder. */
  void flush() {
    metrics.flush();
  }

  /** Says something that a person should know. */
  void says(String message) {
    observer.says(message);
  }

  /** Says that a checkpoint lies in {@code folder}. */
  void checkpointWritten(String folder) {
    lastCheckpoint = folder;
  }

  /** How many looks in a row were unhealthy. */
  int unhealthyLooks() {
    return watch.badLooks();
  }

  /** The loss of the last step; not a number before the first. */
  double lastLoss() {
    return lastLoss;
  }

  /** Where the checkpoint written last lies. */
  String lastCheckpoint() {
    return storage.describe(lastCheckpoint);
  }

  @Override
  public void close() {
    metrics.close();
  }

  private void look(StepRecord entry, double effectiveRank) {
    CollapseWatch.Verdict verdict = watch.look(entry.featureStd(), effectiveRank);
    switch (verdict.action()) {
      case GO_ON -> {}
      case WARN -> observer.says("warning: step=%d %s".formatted(entry.step(), verdict.finding()));
      case STOP -> {
        observer.stepDone(entry);
        throw new CollapsedException(
            "stopped by collapse.policy=stop: step=%d %s"
                .formatted(entry.step(), verdict.finding()));
      }
    }
  }
}
