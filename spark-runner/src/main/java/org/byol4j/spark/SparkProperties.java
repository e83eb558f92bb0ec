package org.byol4j.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.internal.config.ConfigEntry;
import org.apache.spark.internal.config.package$;
import org.apache.spark.serializer.JavaSerializer;
import org.byol4j.train.ClusterSettings;

/**
 * What Spark is told, from what the user has said in various places.
 *
 * <p>The master is the one of the command line, or {@code cluster.master}, or what spark-submit has
 * set, or else an embedded Spark in this process. Other properties are those of {@code
 * cluster.spark}, over what spark-submit has set, over ours; the options of the executors' JVMs and
 * the plugins are joined.
 */
final class SparkProperties {
  private static final String MASTER = "spark.master";
  private static final String DYNAMIC_ALLOCATION = "spark.dynamicAllocation.enabled";
  private static final String SUBMITTED = "spark.submit.deployMode";
  private static final String EXECUTOR_CORES = "spark.executor.cores";
  private static final String TASK_CPUS = "spark.task.cpus";
  private static final String EXECUTOR_OPTIONS = "spark.executor.extraJavaOptions";
  private static final String PLUGINS = "spark.plugins";
  private static final String PROMETHEUS = "spark.metrics.conf.*.sink.prometheusServlet.";
  private static final String SERIALIZER = "spark.serializer";
  private static final String LOOPBACK = "127.0.0.1";

  /** A network's memory is native: JavaCPP's own limits on that, twice the heap, are lifted. */
  private static final String NATIVE_MEMORY =
      "-Dorg.bytedeco.javacpp.maxBytes=0 -Dorg.bytedeco.javacpp.maxPhysicalBytes=0";

  private final SparkConf conf;

  private SparkProperties(SparkConf conf) {
    this.conf = conf;
  }

  /**
   * The properties of a run.
   *
   * @param master the master of the command line; empty if it has none
   * @param submitted what spark-submit has set
   * @param defaults the values of the cluster's own {@code spark-defaults.conf}, which the user has
   *     not chosen
   * @param threads what a replica computes with
   * @throws ClusterException if the user wants dynamic allocation, or a master or a value that
   *     Spark does not know
   */
  static SparkConf of(
      String master,
      ClusterSettings cluster,
      SparkConf submitted,
      Map<String, String> defaults,
      int replicas,
      int threads) {
    SparkProperties properties = new SparkProperties(submitted.clone());
    properties.refuseDynamicAllocation(cluster, defaults);
    properties.choose(master, cluster, replicas);
    if (!isLocal(properties.conf)) {
      properties.spread(replicas, threads);
    }
    properties.common();
    return properties.conf;
  }

  /**
   * The properties of a job whose tasks know nothing of each other: it takes what the cluster
   * gives.
   *
   * @param master the master of the command line; empty if it has none
   * @param submitted what spark-submit has set
   * @param slots how many tasks run at a time in an embedded Spark
   * @throws ClusterException if the user wants a master or a value that Spark does not know
   */
  static SparkConf ofTasks(String master, ClusterSettings cluster, SparkConf submitted, int slots) {
    SparkProperties properties = new SparkProperties(submitted.clone());
    properties.choose(master, cluster, slots);
    if (!isLocal(properties.conf)) {
      properties.liftMemoryLimits();
    }
    properties.common();
    return properties.conf;
  }

  /**
   * The properties of a Spark in this process, whatever master is named elsewhere.
   *
   * @param cluster of which only what Hadoop is told is taken: the rest is for executors
   * @param submitted what spark-submit has set
   * @param slots how many tasks run at a time
   */
  static SparkConf here(ClusterSettings cluster, SparkConf submitted, int slots) {
    SparkProperties properties = new SparkProperties(submitted.clone());
    cluster.spark().entrySet().stream()
        .filter(property -> property.getKey().startsWith("hadoop."))
        .forEach(
            property -> properties.conf.set("spark." + property.getKey(), property.getValue()));
    properties.embed(slots);
    properties.keepToOurselves();
    properties.common();
    return properties.conf;
  }

  /** Takes the user's properties and the first master that somebody names. */
  private void choose(String master, ClusterSettings cluster, int slots) {
    cluster.spark().forEach((name, value) -> conf.set("spark." + name, value));
    if (!master.isEmpty()) {
      conf.set(MASTER, master);
    } else if (!cluster.master().isEmpty()) {
      conf.set(MASTER, cluster.master());
    }
    String named =
        master.isEmpty() ? cluster.master().isEmpty() ? MASTER : "cluster.master" : "--master";
    if (!conf.contains(MASTER)) {
      embed(slots);
    }
    if (SparkEnv.get() == null) {
      // one that runs already reads none of these
      checkValues(cluster);
      long executorMiB = conf.getSizeAsMb("spark.executor.memory", "1g");
      new MasterUrl(named, conf.get(MASTER)).check(executorMiB);
    }
    keepToOurselves();
  }

  /** Sees to it that Spark can read the values of those properties of the user's that it knows. */
  private void checkValues(ClusterSettings cluster) {
    List<String> faults = new ArrayList<>();
    for (Map.Entry<String, String> property : new TreeMap<>(cluster.spark()).entrySet()) {
      try {
        known("spark." + property.getKey()).forEach(conf::get);
      } catch (IllegalArgumentException e) {
        faults.add(
            "cluster.spark.%s=%s: %s"
                .formatted(
                    property.getKey(),
                    property.getValue(),
                    e.getMessage().strip().replaceAll("\\s*\\R\\s*", "; ")));
      }
    }
    if (!faults.isEmpty()) {
      throw new ClusterException(String.join(System.lineSeparator(), faults));
    }
  }

  /**
   * What Spark says of a property that it knows itself; other things, such as Hadoop, have theirs.
   */
  private static List<ConfigEntry<?>> known(String name) {
    // properties are known once somebody has asked for one
    package$.MODULE$.CPUS_PER_TASK();
    ConfigEntry<?> found = ConfigEntry.findEntry(name);
    return found == null ? List.of() : List.of(found);
  }

  /** A Spark in this process answers nobody who does not know its secret. */
  private void keepToOurselves() {
    if (isLocal(conf)) {
      // Spark draws the secret itself then, and keeps it out of its properties
      conf.setIfMissing("spark.authenticate", "true");
    }
  }

  /** Whether replicas are threads of this process. */
  static boolean isLocal(SparkConf conf) {
    return new MasterUrl(MASTER, conf.get(MASTER)).isLocal();
  }

  private void refuseDynamicAllocation(ClusterSettings cluster, Map<String, String> defaults) {
    String name = DYNAMIC_ALLOCATION.substring("spark.".length());
    boolean inSettings = Boolean.parseBoolean(cluster.spark().getOrDefault(name, "false"));
    boolean onCommandLine =
        conf.getBoolean(DYNAMIC_ALLOCATION, false)
            && !Boolean.parseBoolean(defaults.getOrDefault(DYNAMIC_ALLOCATION, "false"));
    if (inSettings || onCommandLine) {
      throw new ClusterException(
          "%s=true: replicas are started together and stay, expected it to be false or not set"
              .formatted(DYNAMIC_ALLOCATION));
    }
  }

  /** Spark in this process, which nobody else sees. */
  private void embed(int slots) {
    conf.set(MASTER, "local[%d]".formatted(slots));
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.setIfMissing("spark.driver.host", LOOPBACK);
    conf.setIfMissing("spark.driver.bindAddress", LOOPBACK);
  }

  /** One replica to an executor, and executors that are made for replicas. */
  private void spread(int replicas, int threads) {
    conf.set(DYNAMIC_ALLOCATION, "false");
    Matcher localCluster = new MasterUrl(MASTER, conf.get(MASTER)).localCluster();
    conf.setIfMissing(
        EXECUTOR_CORES, localCluster.matches() ? localCluster.group(2) : Integer.toString(threads));
    conf.setIfMissing(TASK_CPUS, conf.get(EXECUTOR_CORES));
    conf.setIfMissing("spark.executor.instances", Integer.toString(replicas));
    int cores = Math.multiplyExact(replicas, conf.getInt(EXECUTOR_CORES, threads));
    conf.setIfMissing("spark.cores.max", Integer.toString(cores));
    liftMemoryLimits();
  }

  private void liftMemoryLimits() {
    conf.set(EXECUTOR_OPTIONS, (NATIVE_MEMORY + " " + conf.get(EXECUTOR_OPTIONS, "")).strip());
  }

  /**
   * Checks the properties of a Spark that was there before us.
   *
   * @throws ClusterException if what replicas tell could not reach its driver
   */
  static void refuseKryo(SparkConf running) {
    String serializer = running.get(SERIALIZER, "");
    if (serializer.endsWith("KryoSerializer")) {
      throw new ClusterException(
          "%s=%s: Kryo cannot write records, expected %s or nothing; Spark was started by others, who have to change it"
              .formatted(SERIALIZER, serializer, JavaSerializer.class.getName()));
    }
  }

  private void common() {
    // Kryo cannot write records, which is what our tasks take and give back
    conf.set(SERIALIZER, JavaSerializer.class.getName());
    if (!conf.contains(SUBMITTED) && !isLocal(conf)) {
      // nobody else brings our classes to the executors
      OurJar.path().ifPresent(jar -> conf.setIfMissing("spark.jars", jar.toUri().toString()));
    }
    conf.setIfMissing("spark.app.name", "byol4j");
    conf.setIfMissing("spark.ui.showConsoleProgress", "false");
    // an executor that is lost just before the stage: the launch begins anew, and says so
    conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
    conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures", "3");
    conf.setIfMissing("spark.ui.prometheus.enabled", "true");
    conf.setIfMissing(PROMETHEUS + "class", "org.apache.spark.metrics.sink.PrometheusServlet");
    conf.setIfMissing(PROMETHEUS + "path", "/metrics/prometheus");
    String plugins = conf.get(PLUGINS, "");
    String ours = TrainingPlugin.class.getName();
    conf.set(PLUGINS, plugins.isEmpty() ? ours : plugins + "," + ours);
  }
}
