package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What trials of the jar on clusters have in common: drawn images, Spark from Maven's jars, the jar
 * by spark-submit, and the weights that an undisturbed run on this machine ends with. Needs {@code
 * mvn package} before.
 */
final class ClusterTrial {
  static final int EPOCHS = 20;
  static final Path SPARK = Path.of("target", "spark").toAbsolutePath();
  private static final Path JAR = Path.of("target", "byol4j.jar").toAbsolutePath();

  private final Path folder;
  private final Map<String, String> environment;
  private final String classPath;
  private final String images;

  /**
   * Draws the images.
   *
   * @param folder where all files of the trial go
   * @param environment what Spark's processes have in theirs beside the usual
   * @param more files that they find classes in beside Spark's, separated by colons
   */
  ClusterTrial(Path folder, Map<String, String> environment, String more) {
    assertThat(JAR).as("mvn package makes it").isRegularFile();
    this.folder = folder;
    this.environment = environment;
    this.classPath = SPARK.resolve("jars") + "/*:" + more;
    this.images = TinyTraining.drawImages(folder.resolve("images")).toString();
  }

  /** The drawn images' folder. */
  String images() {
    return images;
  }

  /** Starts one of Spark's daemons. */
  Child spark(String main, String... words) {
    return Child.of(environment(), join(onSpark("-Xmx512m", main), words));
  }

  /**
   * Starts one of our commands by spark-submit, in client mode unless {@code options} say
   * otherwise.
   *
   * @param options more options of spark-submit
   */
  Child submit(String master, List<String> options, String... words) {
    List<String> command =
        join(onSpark("-Xmx1g", "org.apache.spark.deploy.SparkSubmit"), "--master", master);
    command.addAll(List.of("--conf", "spark.executor.memory=512m"));
    command.addAll(List.of("--class", "org.byol4j.cli.Main"));
    command.addAll(options);
    command.add(JAR.toString());
    return Child.of(environment(), join(command, words));
  }

  private List<String> onSpark(String heap, String main) {
    List<String> command = new ArrayList<>(List.of(Child.java(), heap));
    Child.openings().forEach(command::add);
    command.addAll(List.of("-cp", classPath, main));
    return command;
  }

  private Map<String, String> environment() {
    Map<String, String> all = new HashMap<>(environment);
    all.putAll(
        Map.of(
            "SPARK_HOME", SPARK.toString(),
            "SPARK_SCALA_VERSION", "2.12",
            "SPARK_LOCAL_IP", "127.0.0.1"));
    return all;
  }

  /**
   * What Maven resolves for a pom of its own: none of it may come near our own class path.
   *
   * @param folder where the answer goes
   * @param trial a folder of src/trial
   * @return files, separated by colons
   */
  static String classPath(Path folder, String trial) throws IOException, InterruptedException {
    Path file = folder.resolve(trial + ".classpath");
    String pom = Path.of("src", "trial", trial, "pom.xml").toString();
    List<String> command =
        List.of("mvn", "-q", "-f", pom, "dependency:build-classpath", "-DincludeScope=runtime");
    try (Child maven = Child.of(Map.of(), join(command, "-Dmdep.outputFile=" + file))) {
      assertThat(maven.exitCode()).as(maven.output()).isZero();
    }
    return Files.readString(file).strip();
  }

  /** The digest of an undisturbed run on embedded Spark, as {@code weights-digest} prints it. */
  String undisturbed() {
    String out = folder.resolve("undisturbed").toString();
    Ran ran = Ran.byol4j(TinyTraining.words(images, out, EPOCHS));
    assertThat(ran.code()).as(ran.err()).isZero();
    return digest(out);
  }

  /** What {@code weights-digest} prints of a run on this machine. */
  static String digest(String run) {
    return Ran.byol4j("weights-digest", run).out();
  }

  /** A port that nobody listens on, now. */
  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A list of words, and more of them. */
  static List<String> join(List<String> words, String... more) {
    return new ArrayList<>(Stream.concat(words.stream(), Stream.of(more)).toList());
  }
}
