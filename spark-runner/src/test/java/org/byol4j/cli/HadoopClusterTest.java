package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar by spark-submit on YARN, with images, data set and run in HDFS: what EMR and Dataproc
 * offer. A name node, a data node, a resource manager and a node manager run in a process of their
 * own, from Maven's jars. Needs {@code mvn package} before; docs/running.md has the commands.
 */
@Tag("trial")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class HadoopClusterTest {
  private static final Path PRESETS = Path.of("..", "conf").toAbsolutePath().normalize();

  @TempDir Path folder;
  private Child hadoop;
  private ClusterTrial trial;
  private List<String> onYarn;

  @BeforeEach
  void startHadoop() throws Exception {
    String javaHome = System.getProperty("java.home");
    Path configuration = Files.createDirectory(folder.resolve("hadoop"));
    String nameNode = Integer.toString(ClusterTrial.freePort());
    Map<String, String> resourceManager = new TreeMap<>();
    for (String service : List.of("", "scheduler.", "resource-tracker.", "admin.", "webapp.")) {
      resourceManager.put(
          "yarn.resourcemanager." + service + "address", "localhost:" + ClusterTrial.freePort());
    }
    startHadoop(javaHome, nameNode, resourceManager);
    site(configuration, "core", Map.of("fs.defaultFS", "hdfs://localhost:" + nameNode));
    site(configuration, "yarn", resourceManager);

    String client = ClusterTrial.classPath(folder, "yarn");
    Map<String, String> environment =
        Map.of("HADOOP_CONF_DIR", configuration.toString(), "JAVA_HOME", javaHome);
    trial = new ClusterTrial(folder, environment, configuration + ":" + client);
    String jars = "local:" + ClusterTrial.SPARK.resolve("jars") + "/*,local:" + client;
    onYarn =
        List.of(
            "--conf",
            "spark.yarn.jars=" + jars,
            "--conf",
            "spark.ui.enabled=false",
            "--driver-memory",
            "512m");
  }

  private void startHadoop(String javaHome, String nameNode, Map<String, String> resourceManager)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(Child.java(), "-Xmx1g"));
    Child.openings().forEach(command::add);
    command.addAll(List.of("-Dhadoop.log.dir=" + folder, "-Dtest.build.data=" + folder));
    command.addAll(List.of("-cp", ClusterTrial.classPath(folder, "hadoop")));
    command.addAll(List.of("org.apache.hadoop.mapreduce.MiniHadoopClusterManager", "-format"));
    String address = resourceManager.get("yarn.resourcemanager.address");
    command.addAll(List.of("-nnport", nameNode));
    command.addAll(List.of("-rmport", address.substring(address.indexOf(':') + 1)));
    command.addAll(List.of("-D", "yarn.minicluster.fixed.ports=true"));
    resourceManager.forEach((key, value) -> command.addAll(List.of("-D", key + "=" + value)));
    hadoop = Child.of(Map.of("JAVA_HOME", javaHome), command);
    hadoop.awaitLine(line -> line.contains("Started MiniMRCluster"));
  }

  /** Writes one of the files that Hadoop's clients read. */
  private static void site(Path folder, String name, Map<String, String> properties)
      throws IOException {
    StringBuilder xml = new StringBuilder("<configuration>\n");
    properties.forEach(
        (key, value) ->
            xml.append(
                "<property><name>%s</name><value>%s</value></property>%n".formatted(key, value)));
    Files.writeString(folder.resolve(name + "-site.xml"), xml.append("</configuration>\n"));
  }

  @AfterEach
  void stopHadoop() {
    hadoop.close();
  }

  @Test
  void runInHdfsHasTheBitsOfAnEmbeddedOne() throws Exception {
    try (Child ingest =
        submit(
            List.of(),
            "ingest",
            "--data",
            trial.images(),
            "--out",
            "hdfs:///lake/images",
            "--shards",
            "4")) {
      assertThat(ingest.exitCode()).as(ingest.output()).isZero();
    }
    String[] train =
        TinyTraining.words("hdfs:///lake/images", "hdfs:///runs/a", ClusterTrial.EPOCHS);
    try (Child run = submit(List.of(), train)) {
      assertThat(run.exitCode()).as(run.output()).isZero();
    }
    try (Child again = submit(List.of(), train)) {
      assertThat(again.exitCode()).as(again.output()).isZero();
      assertThat(again.output()).contains("already complete after 60 steps");
    }
    assertThat(digest("hdfs:///runs/a")).contains(trial.undisturbed().strip());
  }

  @Test
  void driverMayRunInTheCluster() throws Exception {
    List<String> inCluster = List.of("--deploy-mode", "cluster", "--files", presets());
    String[] train = TinyTraining.words(trial.images(), "hdfs:///runs/b", ClusterTrial.EPOCHS);
    train[2] = "cifar10-small.conf";
    try (Child run = submit(inCluster, train)) {
      assertThat(run.exitCode()).as(run.output()).isZero();
    }
    assertThat(digest("hdfs:///runs/b")).contains(trial.undisturbed().strip());

    try (Child refused = submit(inCluster, "train", "--no-such-option")) {
      assertThat(refused.exitCode()).as(refused.output()).isEqualTo(1);
      assertThat(refused.output()).contains("exited with status 64");
    }
  }

  private Child submit(List<String> options, String... words) {
    List<String> all = Stream.concat(onYarn.stream(), options.stream()).toList();
    return trial.submit("yarn", all, words);
  }

  private String digest(String run) throws InterruptedException {
    try (Child digest = submit(List.of(), "weights-digest", run)) {
      assertThat(digest.exitCode()).as(digest.output()).isZero();
      return digest.output();
    }
  }

  /** The presets, which include one another, separated by commas. */
  private static String presets() {
    try (Stream<Path> files = Files.list(PRESETS)) {
      return String.join(",", files.map(Path::toString).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
