package org.byol4j.train;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.ToDoubleFunction;
import org.byol4j.checkpoint.Algorithms;
import org.byol4j.checkpoint.Attempt;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.device.Device;
import org.byol4j.eval.EffectiveRank;
import org.byol4j.metrics.StepRecord;
import org.byol4j.paramserver.sharing.GradientEncoder;

/**
 * The steps of one replica, from the first to the last or to an agreed stop. All replicas run this
 * in lockstep, and write checkpoints together; only the one that has a {@link RunLog} writes
 * anything else.
 */
final class ReplicaLoop {
  private final RunPlan plan;
  private final Device device;
  private final Collective collective;
  private final StopSignal stop;
  private final Optional<RunLog> log;
  private final RunCheckpoints checkpoints;

  ReplicaLoop(
      RunPlan plan,
      Device device,
      Collective collective,
      Attempt attempt,
      StopSignal stop,
      Optional<RunLog> log) {
    this.plan = plan;
    this.device = device;
    this.collective = collective;
    this.stop = stop;
    this.log = log;
    this.checkpoints = new RunCheckpoints(plan, device, collective, attempt);
  }

  /**
   * Runs.
   *
   * @param resumed the checkpoint to continue, if any
   * @return how many steps of the run are done now
   */
  long run(Optional<Checkpoint> resumed) {
    RunSettings settings = plan.settings();
    int rows = plan.rows(collective.rank());
    RunAlgorithms algorithms = new RunAlgorithms(device, collective);
    List<Algorithms> before = resumed.map(found -> found.manifest().algorithms()).orElse(List.of());
    algorithms.prefer(before);
    try (Replica replica =
            new Replica(
                device,
                collective,
                plan.architecture(),
                settings.train(),
                settings.optimizer(),
                settings.target(),
                settings.server(),
                rows,
                settings.augment().size(),
                plan.shards().stepsPerEpoch());
        ViewBatches batches =
            ViewBatches.open(
                plan.store(),
                settings.dataSettings(),
                settings.augment(),
                plan.shards(),
                collective.rank(),
                collective.size(),
                plan.firstStep(),
                plan.totalSteps(),
                device);
        KnnMonitor monitor = new KnnMonitor(plan, device, collective, replica.online())) {
      List<String> differences = algorithms.differencesFrom(before);
      log.ifPresent(writer -> differences.forEach(writer::says));
      resumed.ifPresent(found -> checkpoints.restore(found, replica));
      try {
        return steps(replica, batches, monitor, rows);
      } catch (CollectiveException e) {
        throw replica.reasonOf(e);
      }
    }
  }

  private long steps(Replica replica, ViewBatches batches, KnnMonitor monitor, int rows) {
    Projections projections =
        new Projections(device, collective, rows, plan.settings().network().output());
    log.ifPresent(RunLog::begin);
    long step = plan.firstStep();
    if (step == 0) {
      checkpoint(step, replica);
    } else {
      makeUpForEvaluation(step, monitor);
    }
    boolean isOver = step == plan.totalSteps();
    while (!isOver) {
      long start = System.nanoTime();
      long waitedBefore = batches.waitedNanos();
      long sentBefore = collective.sentBytes();
      double loss = replica.step(step, batches);
      projections.measure(replica.projectionSums());
      StepRecord.Timing timing =
          timing(
              start,
              batches.waitedNanos() - waitedBefore,
              replica.times(),
              collective.sentBytes() - sentBefore);

      OptionalDouble rank = effectiveRank(replica, projections, step);
      StepRecord entry = record(replica, projections, step, loss, rank, timing);
      log.ifPresent(writer -> writer.append(entry));
      step++;
      boolean isLast = step == plan.totalSteps();
      boolean isDue = isLast || step % plan.settings().checkpoint().everySteps() == 0;
      if (isDue) {
        // before the evaluation: if that fails, nothing is lost
        checkpoint(step, replica);
      }
      OptionalDouble top1 = monitor.evaluate(step);
      log.ifPresent(writer -> writer.stepDone(evaluated(entry, top1)));
      isOver = projections.agreeToStop(stop.isRequested()) || isLast;
      if (isOver && !isDue) {
        checkpoint(step, replica);
      }
    }
    return step;
  }

  /**
   * Evaluates the state that is continued, if that was due and an earlier part of the run ended
   * before its result was written down.
   */
  private void makeUpForEvaluation(long step, KnnMonitor monitor) {
    Optional<StepRecord> unevaluated = log.flatMap(RunLog::unevaluated);
    // only who writes the lines knows
    double[] missing = {unevaluated.isPresent() ? 1 : 0};
    collective.allReduceSum(missing);
    if (missing[0] > 0) {
      OptionalDouble top1 = monitor.evaluate(step);
      unevaluated
          .filter(entry -> top1.isPresent())
          .ifPresent(entry -> log.orElseThrow().madeUpFor(evaluated(entry, top1)));
    }
  }

  private static StepRecord evaluated(StepRecord entry, OptionalDouble top1) {
    return top1.isPresent() ? entry.withKnnTop1(top1.getAsDouble()) : entry;
  }

  /** Writes a checkpoint of the state after {@code steps} steps, unless replicas have diverged. */
  private void checkpoint(long steps, Replica replica) {
    replica.settle();
    replica.compareReplicas(Math.max(0, steps - 1));
    log.ifPresent(RunLog::flush);
    int unhealthyLooks = log.map(RunLog::unhealthyLooks).orElse(0);
    String folder = checkpoints.write(steps, replica, unhealthyLooks);
    log.ifPresent(writer -> writer.checkpointWritten(folder));
  }

  private OptionalDouble effectiveRank(Replica replica, Projections projections, long step) {
    if (!plan.isLook(step)) {
      return OptionalDouble.empty();
    }
    FloatBuffer all = projections.gather(replica.projections(), plan.rowsOfReplicas());
    return log.isPresent()
        ? OptionalDouble.of(EffectiveRank.of(all, plan.settings().network().output()))
        : OptionalDouble.empty();
  }

  private StepRecord record(
      Replica replica,
      Projections projections,
      long step,
      double loss,
      OptionalDouble effectiveRank,
      StepRecord.Timing timing) {
    return new StepRecord(
        step,
        plan.shards().epochOf(step),
        loss,
        replica.learningRate(step),
        replica.targetDecay(step),
        projections.featureStd(),
        projections.cosine(),
        effectiveRank,
        OptionalDouble.empty(),
        encoded(replica, GradientEncoder::usedThreshold),
        encoded(replica, GradientEncoder::share),
        timing);
  }

  private static OptionalDouble encoded(Replica replica, ToDoubleFunction<GradientEncoder> value) {
    return replica.encoder().stream().mapToDouble(value).findFirst();
  }

  private StepRecord.Timing timing(long start, long waitedNanos, StepTimes times, long sentBytes) {
    double nanos = System.nanoTime() - start;
    return new StepRecord.Timing(
        nanos / 1e6,
        waitedNanos / 1e6,
        times.forwardNanos() / 1e6,
        times.backwardNanos() / 1e6,
        times.communicationNanos() / 1e6,
        collective.size() > 1 ? OptionalLong.of(sentBytes) : OptionalLong.empty(),
        plan.settings().train().batchSize() * 1e9 / nanos,
        System.currentTimeMillis());
  }
}
