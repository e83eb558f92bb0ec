package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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
  private static final Path TARGET = Path.of("target").toAbsolutePath();
  private static final Path JAR = TARGET.resolve("byol4j.jar");
  private static final Path SPARK = TARGET.resolve("spark");
  private static final int EPOCHS = 20;

  @TempDir Path folder;
  private final List<Child> daemons = new ArrayList<>();
  private String images;
  private String master;

  @BeforeEach
  void startMasterAndWorkers() throws Exception {
    assertThat(JAR).as("mvn package makes it").isRegularFile();
    images = TinyTraining.drawImages(folder.resolve("images")).toString();
    Child driver =
        spark("org.apache.spark.deploy.master.Master", "--port", "0", "--webui-port", "0");
    String line = driver.awaitLine(text -> text.contains("Starting Spark master at "));
    master = line.substring(line.indexOf("spark://"));
    for (int i = 0; i < 2; i++) {
      Path work = Files.createDirectory(folder.resolve("worker-" + i));
      spark(
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

  @AfterEach
  void stopAll() {
    daemons.forEach(Child::close);
  }

  @Test
  void submittedRunHasTheBitsOfAnEmbeddedOne() throws Exception {
    Path out = folder.resolve("run");
    String[] words = TinyTraining.words(images, out.toString(), EPOCHS);

    try (Child run = submit(List.of(), words)) {
      assertThat(run.exitCode()).as(run.output()).isZero();
      assertThat(run.output()).contains("done after 60 steps");
    }

    assertThat(digest(out.toString())).isEqualTo(undisturbed());
    try (Child refused = submit(List.of(), "train", "--no-such-option")) {
      assertThat(refused.exitCode()).as(refused.output()).isEqualTo(64);
    }
  }

  @Test
  void imagesAndCheckpointsMayLieInAnObjectStoreOnly() throws Exception {
    String endpoint = startObjectStore();
    List<String> s3a = new ArrayList<>(List.of("--jars", classPath("s3a").replace(':', ',')));
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
        submit(s3a, "ingest", "--data", images, "--out", ingested, "--shards", "4")) {
      assertThat(ingest.exitCode()).as(ingest.output()).isZero();
    }
    String[] train = TinyTraining.words(ingested, out, EPOCHS);
    try (Child run = submit(s3a, train)) {
      assertThat(run.exitCode()).as(run.output()).isZero();
    }
    try (Child again = submit(s3a, train)) {
      assertThat(again.exitCode()).as(again.output()).isZero();
      assertThat(again.output()).contains("already complete after 60 steps");
    }
    try (Child digest = submit(s3a, "weights-digest", out)) {
      assertThat(digest.exitCode()).as(digest.output()).isZero();
      assertThat(digest.output()).contains(undisturbed().strip());
    }
  }

  /** Starts s3proxy, with a bucket; returns where it listens. */
  private String startObjectStore() throws Exception {
    Path bucket = Files.createDirectories(folder.resolve("s3/lake"));
    String endpoint = "http://127.0.0.1:" + freePort();
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
    List<String> command = List.of(Child.java(), "-cp", classPath("s3proxy"));
    command = join(command, "org.gaul.s3proxy.Main", "--properties", properties.toString());
    Child server = Child.of(Map.of(), command);
    daemons.add(server);
    server.awaitLine(line -> line.contains("Started") && line.contains("ServerConnector"));
    return endpoint;
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What Maven resolves for a pom of its own: none of it may come near our own class path. */
  private String classPath(String trial) throws Exception {
    Path file = folder.resolve(trial + ".classpath");
    String pom = Path.of("src", "trial", trial, "pom.xml").toString();
    List<String> command =
        List.of("mvn", "-q", "-f", pom, "dependency:build-classpath", "-DincludeScope=runtime");
    try (Child maven = Child.of(Map.of(), join(command, "-Dmdep.outputFile=" + file))) {
      assertThat(maven.exitCode()).as(maven.output()).isZero();
    }
    return Files.readString(file).strip();
  }

  private Child spark(String main, String... words) {
    List<String> command = new ArrayList<>(List.of(Child.java(), "-Xmx512m"));
    Child.openings().forEach(command::add);
    command.addAll(List.of("-cp", SPARK.resolve("jars") + "/*", main, "--host", "127.0.0.1"));
    Child daemon = Child.of(environment(), join(command, words));
    daemons.add(daemon);
    return daemon;
  }

  private Child submit(List<String> options, String... words) {
    List<String> command = new ArrayList<>(List.of(Child.java(), "-Xmx1g"));
    Child.openings().forEach(command::add);
    command.addAll(List.of("-cp", SPARK.resolve("jars") + "/*"));
    command.addAll(List.of("org.apache.spark.deploy.SparkSubmit", "--master", master));
    command.addAll(List.of("--conf", "spark.executor.memory=512m"));
    command.addAll(List.of("--class", "org.byol4j.cli.Main"));
    command.addAll(options);
    command.add(JAR.toString());
    return Child.of(environment(), join(command, words));
  }

  private static Map<String, String> environment() {
    return Map.of(
        "SPARK_HOME", SPARK.toString(),
        "SPARK_SCALA_VERSION", "2.12",
        "SPARK_LOCAL_IP", "127.0.0.1");
  }

  private static List<String> join(List<String> words, String... more) {
    return Stream.concat(words.stream(), Stream.of(more)).toList();
  }

  private String undisturbed() {
    String out = folder.resolve("undisturbed").toString();
    Ran ran = Ran.byol4j(TinyTraining.words(images, out, EPOCHS));
    assertThat(ran.code()).as(ran.err()).isZero();
    return digest(out);
  }

  private static String digest(String run) {
    return Ran.byol4j("weights-digest", run).out();
  }
}
