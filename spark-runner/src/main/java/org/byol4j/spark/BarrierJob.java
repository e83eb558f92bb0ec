package org.byol4j.spark;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.train.LostReplicaException;
import org.byol4j.train.StopSignal;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** A launch of the replicas as a job of Spark, and what it means when that fails. */
final class BarrierJob {
  private static final Duration LAST_WORDS = Duration.ofSeconds(5);
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);

  /** What Spark says of a job that somebody has cancelled, in its user interface for instance. */
  private static final Pattern CANCELLED = Pattern.compile("(\\[\\w+] )?Job \\d+ cancelled\\b.*");

  private final JavaSparkContext spark;
  private final Launch launch;
  private final LostExecutors lost;

  BarrierJob(JavaSparkContext spark, Launch launch, LostExecutors lost) {
    this.spark = spark;
    this.launch = launch;
    this.lost = lost;
  }

  /**
   * Runs the replicas to the end.
   *
   * @param toStart how long they may take to start
   * @param withoutNews how long they may then take to come any further on their way to each other
   * @param stop ends the job until they are together; from then on they are asked to stop instead
   * @throws LostReplicaException if they may be launched again
   * @throws CancellationException if somebody wants them not to run
   */
  ReplicaEnd run(
      RunOrder order, int replicas, Duration toStart, Duration withoutNews, StopSignal stop) {
    String group = "byol4j-" + Long.toHexString(order.session());
    spark.setJobGroup(group, "BYOL: replicas=%d out=%s".formatted(replicas, order.out()), false);
    Runnable cancel = () -> spark.cancelJobGroup(group);
    StartWatch.Patience patience = new StartWatch.Patience(toStart, withoutNews, BETWEEN_LINES);
    StartWatch watch = new StartWatch(launch, replicas, patience, stop, lost, cancel);
    try {
      return collect(order, replicas);
    } catch (Exception e) {
      // Scala throws what no signature says
      throw watch.givenUp().map(this::givenUp).orElseGet(() -> failed(e));
    } finally {
      watch.close();
      spark.clearJobGroup();
    }
  }

  private ReplicaEnd collect(RunOrder order, int replicas) {
    List<Integer> ranks = IntStream.range(0, replicas).boxed().toList();
    ClassTag<ReplicaEnd> tag = ClassTag$.MODULE$.apply(ReplicaEnd.class);
    return spark
        .parallelize(ranks, replicas)
        .rdd()
        .barrier()
        .mapPartitions(new ReplicaFunction(order), false, tag)
        .toJavaRDD()
        .collect()
        .get(0);
  }

  private RuntimeException givenUp(RuntimeException reason) {
    replace(launch.silentExecutors(LAST_WORDS, TaskCancellation.GRACE));
    return reason;
  }

  private RuntimeException failed(Exception job) {
    boolean isUnwanted = isCancelled(job) || spark.sc().isStopped();
    if (isUnwanted) {
      launch.stop();
    }
    replace(launch.silentExecutors(LAST_WORDS, TaskCancellation.GRACE));
    RuntimeException failure = LaunchFailure.of(launch.rootFailure(), job, lost.last());
    return isUnwanted && failure instanceof LostReplicaException ? unwanted(job) : failure;
  }

  private static boolean isCancelled(Exception job) {
    String message = String.valueOf(job.getMessage());
    return CANCELLED.matcher(message.lines().findFirst().orElse("")).matches();
  }

  private CancellationException unwanted(Exception job) {
    Optional<ReplicaEnd> end = launch.end();
    CancellationException stopped =
        new CancellationException(
            end.map(
                    how ->
                        "stopped after %d steps, as the job was cancelled in Spark; checkpoint %s"
                            .formatted(how.steps(), how.checkpoint()))
                .orElse(
                    "stopped in the middle of a step, as the job was cancelled in Spark; the"
                        + " same command goes on from the newest checkpoint"));
    stopped.initCause(job);
    return stopped;
  }

  /**
   * Has executors that are gone or frozen replaced: a frozen one would keep its slot for minutes.
   */
  private void replace(List<String> executors) {
    if (!spark.sc().isLocal() && !spark.sc().isStopped()) {
      executors.forEach(spark.sc()::killAndReplaceExecutor);
    }
  }
}
