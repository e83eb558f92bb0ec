package org.byol4j.spark;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.collective.tcp.JobSecret;
import org.byol4j.collective.tcp.TcpSettings;
import org.byol4j.collective.tcp.TlsKeys;
import org.byol4j.config.Configuration;
import org.byol4j.data.StoreProgress;
import org.byol4j.spark.storage.Places;
import org.byol4j.train.ReplicaLauncher;
import org.byol4j.train.RunObserver;
import org.byol4j.train.RunSettings;
import org.byol4j.train.RunStart;
import org.byol4j.train.RunSummary;
import org.byol4j.train.SettledImages;
import org.byol4j.train.StopSignal;

/**
 * Runs the replicas of a run as the tasks of one barrier stage. Spark is started with the first
 * launch, and stopped when this is closed; where the JVM has a Spark already, that one is used.
 */
public final class BarrierLauncher implements ReplicaLauncher, AutoCloseable {
  private final SparkConf conf;
  private final StopSignal stop;
  private final RunObserver observer;
  private final LostExecutors lost = new LostExecutors();
  private final SecureRandom random = new SecureRandom();
  private Optional<StartedSpark> started = Optional.empty();
  private int launches;

  /**
   * Launches where the configuration, the command line or spark-submit say, or else in this
   * process.
   *
   * @param master the master that the command line names; empty if none
   * @param stop asks the replicas to end early
   * @param observer hears of rank 0's steps, on a thread of its own
   * @throws ClusterException if what Spark is told cannot be; {@link #launch} throws it, too, if
   *     the cluster does not allow the run
   */
  public static BarrierLauncher of(
      Configuration configuration, String master, StopSignal stop, RunObserver observer) {
    return new BarrierLauncher(
        SparkProperties.of(
            master,
            configuration.cluster(),
            new SparkConf(),
            SparkDefaults.of(System.getenv()),
            configuration.train().replicas(),
            configuration.compute().threads()),
        stop,
        observer);
  }

  /**
   * @param conf what Spark is told when it is started
   * @param stop asks the replicas to end early
   * @param observer hears of rank 0's steps, on a thread of its own
   */
  BarrierLauncher(SparkConf conf, StopSignal stop, RunObserver observer) {
    this.conf = conf;
    this.stop = stop;
    this.observer = observer;
  }

  @Override
  public SettledImages settle(RunSettings settings, String sha256, StoreProgress progress) {
    return new ClusterImages(this::spark, stop, observer).settle(settings, sha256, progress);
  }

  @Override
  public RunSummary launch(RunStart start) {
    long session = random.nextLong();
    RunOrder order = RunOrder.of(start, session, JobSecret.random());
    TcpSettings collective = order.readConfiguration().collective();
    JavaSparkContext spark = spark();
    int replicas = start.settings().train().replicas();
    checkKeys(collective, replicas, spark.sc().isLocal());
    Slots slots = new Slots(spark.sc(), lost, stop, observer);
    Duration patience = slots.patience(launches > 0);
    slots.await(replicas, patience);
    slots.checkAllAreHere(foldersOfThisHost(start), replicas);

    lost.forget();
    Mailbox mailbox = Mailbox.of(spark.sc().applicationId());
    mailbox.metrics().launched(launches, start.images().bad());
    launches++;
    try (Launch launch =
        new Launch(session, stop, new Reporting(spark, observer, mailbox.metrics()))) {
      mailbox.deliverTo(launch);
      return new BarrierJob(spark, launch, lost)
          .run(order, replicas, slots.patience(true), withoutNews(collective), stop)
          .toSummary();
    }
  }

  /** From the last image that has come to the first operation together. */
  private static Duration withoutNews(TcpSettings collective) {
    return collective.progressTimeout().plus(collective.joinTimeout());
  }

  /**
   * Looks at the keys for TLS before anything is started. Where executors are other processes the
   * keys may be with them only; then each of them looks.
   *
   * @throws org.byol4j.collective.tcp.TlsKeysException if they are not what the settings say
   */
  private static void checkKeys(TcpSettings collective, int replicas, boolean isInThisProcess) {
    if (replicas > 1) {
      collective
          .tls()
          .filter(keys -> isInThisProcess || TlsKeys.areHere(keys))
          .ifPresent(TlsKeys::check);
    }
  }

  /** What the replicas find on this host only. */
  private static List<String> foldersOfThisHost(RunStart start) {
    List<String> folders = new ArrayList<>();
    start.settings().out().onDisk().ifPresent(run -> folders.add("--out=" + run.folder()));
    if (!Places.isShared(start.images().place())) {
      folders.add("images=" + start.images().place());
    }
    return folders;
  }

  private JavaSparkContext spark() {
    if (started.isEmpty()) {
      StartedSpark spark = StartedSpark.with(conf);
      spark.context().sc().addSparkListener(lost);
      started = Optional.of(spark);
    }
    return started.get().context();
  }

  /** Stops Spark, unless it was there before us. */
  @Override
  public void close() {
    started.ifPresent(spark -> spark.context().sc().removeSparkListener(lost));
    started.ifPresent(StartedSpark::close);
    started = Optional.empty();
  }
}
