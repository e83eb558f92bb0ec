package org.byol4j.spark;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkExecutorInfo;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;

/**
 * Looks at the places that Spark has for tasks before a stage is started: a barrier stage that does
 * not fit would wait in silence.
 */
final class Slots {
  private static final String WAITING_TIME = "spark.scheduler.maxRegisteredResourcesWaitingTime";
  private static final String NETWORK_TIMEOUT = "spark.network.timeout";
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);
  private static final Duration LAG = Duration.ofSeconds(2);
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);

  private final SparkContext spark;
  private final LostExecutors lost;
  private final StopSignal stop;
  private final RunObserver observer;

  Slots(SparkContext spark, LostExecutors lost, StopSignal stop, RunObserver observer) {
    this.spark = spark;
    this.lost = lost;
    this.stop = stop;
    this.observer = observer;
  }

  /**
   * How long slots may take to come.
   *
   * @param again whether there were slots before: those of executors that died or froze come back
   *     when Spark has noticed, for which it takes {@code spark.network.timeout} at most
   */
  Duration patience(boolean again) {
    long seconds = spark.conf().getTimeAsSeconds(WAITING_TIME, "30s");
    long notice = again ? spark.conf().getTimeAsSeconds(NETWORK_TIMEOUT, "120s") : 0;
    return Duration.ofSeconds(seconds + notice);
  }

  /**
   * Returns when there is a slot for each replica.
   *
   * @throws ClusterException if there never will be
   * @throws NoSlotsException if there is none within {@code patience}, or Spark ends
   * @throws CancellationException if a stop is requested
   */
  void await(int replicas, Duration patience) {
    if (spark.isLocal() && available() < replicas) {
      throw new ClusterException(
          "replicas=%d slots=%d: too few with master=%s spark.task.cpus=%s, expected a slot for each"
              .formatted(
                  replicas, available(), spark.master(), spark.conf().get("spark.task.cpus", "1")));
    }
    long start = System.nanoTime();
    long lines = 0;
    while (available() < replicas) {
      Duration waited = Duration.ofNanos(System.nanoTime() - start);
      if (waited.compareTo(patience) > 0) {
        throw new NoSlotsException(
            ("replicas=%d slots=%d after %d s: too few, with master=%s spark.executor.cores=%s"
                    + " spark.task.cpus=%s; expected a slot for each within %s, and %s after an"
                    + " executor was lost%s")
                .formatted(
                    replicas,
                    available(),
                    patience.toSeconds(),
                    spark.master(),
                    spark.conf().get("spark.executor.cores", "all"),
                    spark.conf().get("spark.task.cpus", "1"),
                    WAITING_TIME,
                    NETWORK_TIMEOUT,
                    lost.last()));
      }
      if (waited.compareTo(BETWEEN_LINES.multipliedBy(lines + 1)) > 0) {
        lines++;
        observer.says(
            "waiting for slots: replicas=%d slots=%d%s"
                .formatted(replicas, available(), lost.last()));
      }
      pause();
    }
  }

  private int available() {
    if (spark.isStopped()) {
      throw NoSlotsException.afterTheEnd(spark.master());
    }
    return spark.maxNumConcurrentTasks(spark.resourceProfileManager().defaultResourceProfile());
  }

  private void pause() {
    if (stop.isRequested()) {
      throw new CancellationException("stopped while waiting for slots");
    }
    try {
      Thread.sleep(BETWEEN_LOOKS.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while waiting for slots");
    }
  }

  /**
   * Checks that every executor sees the files of this host.
   *
   * @param folders what lies on a disk of this host, each with its name
   * @throws ClusterException if an executor runs elsewhere
   */
  void checkAllAreHere(List<String> folders, int replicas) {
    if (folders.isEmpty()) {
      return;
    }
    // the list of executors lags behind the slots; where several share an executor it stays short
    long deadline = System.nanoTime() + LAG.toNanos();
    List<String> hosts = hosts();
    while (!spark.isLocal() && hosts.size() <= replicas && System.nanoTime() < deadline) {
      pause();
      hosts = hosts();
    }
    checkAllAreHere(folders, hosts);
  }

  /** Of the driver and the executors. */
  private List<String> hosts() {
    return Stream.of(spark.statusTracker().getExecutorInfos())
        .map(SparkExecutorInfo::host)
        .toList();
  }

  static void checkAllAreHere(List<String> folders, List<String> hosts) {
    Set<String> elsewhere = new TreeSet<>();
    for (String host : hosts) {
      if (!isHere(host)) {
        elsewhere.add(host);
      }
    }
    if (!elsewhere.isEmpty()) {
      throw new ClusterException(
          "%s on this host's disk, but executors run on hosts=%s; expected them all here"
              .formatted(String.join(" ", folders), elsewhere));
    }
  }

  private static boolean isHere(String host) {
    try {
      InetAddress address = InetAddress.getByName(host);
      return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
    } catch (IOException e) {
      // a name that only the cluster knows
      return false;
    }
  }
}
