package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar by spark-submit on a standalone cluster, a Master and two Workers from Maven's jars, and
 * with an S3 server as its only storage. Needs {@code mvn package} before; docs/running.md has the
 * commands.
 */
@Tag("trial")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class StandaloneClusterTest {
  @TempDir Path folder;
  private final List<Child> daemons = new ArrayList<>();
  private ClusterTrial trial;
  private String master;

  @BeforeEach
  void startMasterAndWorkers() throws Exception {
    trial = new ClusterTrial(folder, Map.of(), "");
    Child driver =
        daemon("org.apache.spark.deploy.master.Master", "--port", "0", "--webui-port", "0");
    String line = driver.awaitLine(text -> text.contains("Starting Spark master at "));
    master = line.substring(line.indexOf("spark://"));
    for (int i = 0; i < 2; i++) {
      Path work = Files.createDirectory(folder.resolve("worker-" + i));
      daemon(
          "org.apache.spark.deploy.worker.Worker",
          "--cores",
          "1",
          "--memory",
          "1g",
          "--webui-port",
          "0",
          "--work-dir",
          work.toString(),
          master);
    }
  }

  private Child daemon(String main, String... words) {
    String[] local =
        ClusterTrial.join(List.of("--host", "127.0.0.1"), words).toArray(String[]::new);
    Child daemon = trial.spark(main, local);
    daemons.add(daemon);
    return daemon;
  }

  @AfterEach
  void stopAll() {
    daemons.forEach(Child::close);
  }

  @Test
  void submittedRunHasTheBitsOfAnEmbeddedOne() throws Exception {
    Path out = folder.resolve("run");
    String[] words = TinyTraining.words(trial.images(), out.toString(), ClusterTrial.EPOCHS);

    try (Child run = trial.submit(master, List.of(), words)) {
      assertThat(run.exitCode()).as(run.output()).isZero();
      assertThat(run.output()).contains("done after 60 steps");
    }

    assertThat(ClusterTrial.digest(out.toString())).isEqualTo(trial.undisturbed());
    try (Child refused = trial.submit(master, List.of(), "train", "--no-such-option")) {
      assertThat(refused.exitCode()).as(refused.output()).isEqualTo(64);
    }
  }

  @Test
  void imagesAndCheckpointsMayLieInAnObjectStoreOnly() throws Exception {
    String endpoint = startObjectStore();
    List<String> s3a =
        new ArrayList<>(List.of("--jars", ClusterTrial.classPath(folder, "s3a").replace(':', ',')));
    Map.of(
            "endpoint", endpoint,
            "path.style.access", "true",
            "connection.ssl.enabled", "false",
            "access.key", "local",
            "secret.key", "secret")
        .forEach(
            (key, value) ->
                s3a.addAll(List.of("--conf", "spark.hadoop.fs.s3a." + key + "=" + value)));
    String ingested = "s3a://lake/images";
    String out = "s3a://lake/runs/a";

    try (Child ingest =
        trial.submit(
            master, s3a, "ingest", "--data", trial.images(), "--out", ingested, "--shards", "4")) {
      assertThat(ingest.exitCode()).as(ingest.output()).isZero();
    }
    String[] train = TinyTraining.words(ingested, out, ClusterTrial.EPOCHS);
    try (Child run = trial.submit(master, s3a, train)) {
      assertThat(run.exitCode()).as(run.output()).isZero();
    }
    try (Child again = trial.submit(master, s3a, train)) {
      assertThat(again.exitCode()).as(again.output()).isZero();
      assertThat(again.output()).contains("already complete after 60 steps");
    }
    try (Child digest = trial.submit(master, s3a, "weights-digest", out)) {
      assertThat(digest.exitCode()).as(digest.output()).isZero();
      assertThat(digest.output()).contains(trial.undisturbed().strip());
    }
  }

  /** Starts s3proxy, with a bucket; returns where it listens. */
  private String startObjectStore() throws Exception {
    Path bucket = Files.createDirectories(folder.resolve("s3/lake"));
    String endpoint = "http://127.0.0.1:" + ClusterTrial.freePort();
    Path properties = folder.resolve("s3proxy.properties");
    Files.write(
        properties,
        List.of(
            "s3proxy.endpoint=" + endpoint,
            "s3proxy.authorization=aws-v2-or-v4",
            "s3proxy.identity=local",
            "s3proxy.credential=secret",
            "jclouds.provider=filesystem",
            "jclouds.filesystem.basedir=" + bucket.getParent()));
    List<String> command = List.of(Child.java(), "-cp", ClusterTrial.classPath(folder, "s3proxy"));
    command =
        ClusterTrial.join(command, "org.gaul.s3proxy.Main", "--properties", properties.toString());
    Child server = Child.of(Map.of(), command);
    daemons.add(server);
    server.awaitLine(line -> line.contains("Started") && line.contains("ServerConnector"));
    return endpoint;
  }
}
