package org.byol4j.spark;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.Utils;
import org.byol4j.collective.tcp.JobSecret;
import org.byol4j.config.Configuration;
import org.byol4j.doctor.Checkup;
import org.byol4j.doctor.Finding;
import org.byol4j.spark.storage.Places;
import org.byol4j.train.ReplicaMemory;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** Looks at the machines that a configuration's replicas would run on. */
public final class Checkups {
  private static final Duration CLOCKS_MAY_DIFFER = Duration.ofSeconds(5);
  private static final String LOOPBACK = "127.0.0.1";
  private static final String TEMPORARY = "java.io.tmpdir";

  private final Configuration configuration;
  private final String master;

  /**
   * @param master the master that the command line names; empty if none
   */
  public Checkups(Configuration configuration, String master) {
    this.configuration = configuration;
    this.master = master;
  }

  /**
   * Looks at this machine: as the place of all replicas, where they would run in this process, or
   * else as that of one.
   *
   * @param out the run's folder; empty if nobody has said
   */
  public PlaceReport here(String out) {
    SparkConf conf;
    List<Finding> findings = new ArrayList<>();
    try {
      conf = conf();
    } catch (ClusterException e) {
      findings.add(
          new Finding("spark", Finding.Level.FAULT, e.getMessage(), "what the message expects"));
      conf = new SparkConf();
    }
    boolean isLocal = SparkProperties.isLocal(conf.setIfMissing("spark.master", "local"));
    int replicas = configuration.train().replicas();
    Path images =
        out.isEmpty() || Places.isShared(out)
            ? Path.of(conf.get("spark.local.dir", System.getProperty(TEMPORARY)))
            : Places.onDisk(out);
    Checkup.Place place =
        new Checkup.Place(isLocal ? LOOPBACK : hostName(), isLocal ? replicas : 1, "", images);
    findings.addAll(
        new Checkup(
                configuration.compute(),
                configuration.collective(),
                configuration.exchange(),
                replicas,
                ReplicaMemory.of(
                    configuration.network(),
                    configuration.train(),
                    configuration.data().shards(),
                    configuration.augment().size()),
                place)
            .findings());
    return new PlaceReport(isLocal ? "this process" : "this machine", findings);
  }

  /** As Spark finds it; what it says where it finds none is no name, which is a finding. */
  private static String hostName() {
    try {
      return Utils.localHostName();
    } catch (Exception | LinkageError e) {
      // Scala throws what no signature says
      return String.valueOf(e.getMessage());
    }
  }

  /**
   * Looks at the place of each replica, by the tasks of a barrier stage that start as replicas do,
   * and has them connect to each other.
   *
   * @param stop ends the waiting for places
   * @param observer hears of that waiting
   * @throws ClusterException if the cluster does not allow the run
   * @throws NoSlotsException if it has no place for all replicas in time
   * @throws org.byol4j.train.LostReplicaException if a task has failed
   */
  public List<PlaceReport> onExecutors(StopSignal stop, RunObserver observer) {
    int replicas = configuration.train().replicas();
    CheckupFunction function =
        new CheckupFunction(configuration.text().toString(), JobSecret.random());
    LostExecutors lost = new LostExecutors();
    try (StartedSpark started = StartedSpark.with(conf())) {
      JavaSparkContext spark = started.context();
      spark.sc().addSparkListener(lost);
      Slots slots = new Slots(spark.sc(), lost, stop, observer);
      slots.await(replicas, slots.patience(false));
      Instant before = Instant.now();
      List<CheckupFunction.Report> reports = collect(spark, function, replicas, lost);
      Instant after = Instant.now();
      return reports.stream().map(report -> withClock(report, before, after)).toList();
    }
  }

  private static List<CheckupFunction.Report> collect(
      JavaSparkContext spark, CheckupFunction function, int replicas, LostExecutors lost) {
    List<Integer> ranks = IntStream.range(0, replicas).boxed().toList();
    ClassTag<CheckupFunction.Report> tag = ClassTag$.MODULE$.apply(CheckupFunction.Report.class);
    try {
      return spark
          .parallelize(ranks, replicas)
          .rdd()
          .barrier()
          .mapPartitions(function, false, tag)
          .toJavaRDD()
          .collect();
    } catch (Exception e) {
      // Scala throws what no signature says
      throw LaunchFailure.of(Optional.empty(), e, lost.last());
    }
  }

  private static PlaceReport withClock(
      CheckupFunction.Report report, Instant before, Instant after) {
    List<Finding> findings = new ArrayList<>(report.findings());
    findings.add(Checkup.clock(report.now(), before, after, CLOCKS_MAY_DIFFER));
    return new PlaceReport(
        "replica rank=%d host=%s executor=%s%s"
            .formatted(
                report.rank(),
                report.host(),
                report.executor(),
                report.gpu().isEmpty() ? "" : " gpu=" + report.gpu()),
        findings);
  }

  private SparkConf conf() {
    return SparkProperties.of(
        master,
        configuration.cluster(),
        new SparkConf(),
        SparkDefaults.of(System.getenv()),
        configuration.train().replicas(),
        configuration.compute().threads());
  }
}
