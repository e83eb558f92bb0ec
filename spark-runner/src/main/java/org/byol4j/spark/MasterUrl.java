package org.byol4j.spark;

import java.util.ServiceLoader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.SparkException;
import org.apache.spark.scheduler.ExternalClusterManager;
import org.apache.spark.util.Utils;

/**
 * Where Spark is to run: what {@code SparkContext} takes as a master.
 *
 * @param named the option or key that says so
 */
record MasterUrl(String named, String url) {
  private static final String STANDALONE = "spark://";
  private static final String COUNT = "0*[1-9]\\d{0,8}";
  private static final Pattern LOCAL =
      Pattern.compile("local(\\[(%1$s|\\*)(\\s*,\\s*%1$s)?])?".formatted(COUNT));
  private static final Pattern LOCAL_CLUSTER =
      Pattern.compile(
          "local-cluster\\[\\s*(%1$s)\\s*,\\s*(%1$s)\\s*,\\s*(%1$s)\\s*]".formatted(COUNT));

  /** Whether tasks are threads of this process. */
  boolean isLocal() {
    return LOCAL.matcher(url).matches();
  }

  /** The numbers of a {@code local-cluster}: group 2 is the cores of an executor, 3 its MiB. */
  Matcher localCluster() {
    return LOCAL_CLUSTER.matcher(url);
  }

  /**
   * Sees to it that Spark can start there, as far as that shows without trying.
   *
   * @param executorMiB {@code spark.executor.memory}
   * @throws ClusterException if it cannot
   */
  void check(long executorMiB) {
    Matcher localCluster = localCluster();
    if (localCluster.matches()) {
      if (Long.parseLong(localCluster.group(3)) < executorMiB) {
        throw new ClusterException(
            "%s=%s: MiB=%s for an executor with spark.executor.memory=%d MiB, expected at least that"
                .formatted(named, url, localCluster.group(3), executorMiB));
      }
      return;
    }
    if (!isLocal() && !isStandalone() && !isOfAnotherCluster()) {
      throw new ClusterException(
          ("%s=%s: expected local[N], local-cluster[EXECUTORS,CORES,MIB] or spark://HOST:PORT, with"
                  + " numbers above 0; yarn and k8s:// by the spark-submit of a distribution that has them")
              .formatted(named, url));
    }
  }

  private boolean isStandalone() {
    return url.startsWith(STANDALONE)
        && Stream.of(Utils.parseStandaloneMasterUrls(url)).allMatch(MasterUrl::hasHostAndPort);
  }

  private static boolean hasHostAndPort(String url) {
    try {
      return !Utils.extractHostPortFromSparkUrl(url)._1().isEmpty();
    } catch (SparkException e) {
      // what it says is less than we do
      return false;
    }
  }

  /** Of one whose classes are here: YARN's and Kubernetes' are in distributions of Spark. */
  private boolean isOfAnotherCluster() {
    for (ExternalClusterManager manager : ServiceLoader.load(ExternalClusterManager.class)) {
      if (manager.canCreate(url)) {
        return true;
      }
    }
    return false;
  }
}
