package org.byol4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code bin/byol4j} in a source tree of its own, with a {@code mvn} that only makes the jar and a
 * {@code java} that tells how it was called.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ScriptTest {
  private static final Instant LONG_AGO = Instant.parse("2020-01-01T00:00:00Z");

  @TempDir Path temporary;

  private Path tree;
  private Path jar;
  private Path jdk;

  private record Ended(int code, String out, String err) {}

  @BeforeEach
  void makeTreeAndTools() throws IOException {
    tree = Files.createDirectory(temporary.resolve("tree with a space"));
    for (String folder : List.of("bin", "core/src/main", "spark-runner/src/main")) {
      Files.createDirectories(tree.resolve(folder));
    }
    for (String pom : List.of("pom.xml", "core/pom.xml", "spark-runner/pom.xml")) {
      Files.writeString(tree.resolve(pom), "");
    }
    Files.writeString(tree.resolve("core/src/main/A.java"), "");
    age(tree);
    Files.copy(Path.of("..", "bin", "byol4j"), tree.resolve("bin/byol4j"));
    jar = tree.resolve("spark-runner/target/byol4j.jar");

    Path tools = Files.createDirectory(temporary.resolve("tools"));
    executable(
        tools.resolve("mvn"),
        "echo \"mvn in $PWD\"; mkdir -p spark-runner/target/spark/jars; : >spark-runner/target/byol4j.jar");
    jdk = temporary.resolve("jdk");
    Files.createDirectories(jdk.resolve("bin"));
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"17.0.9\"\n");
    executable(
        jdk.resolve("bin/java"),
        "for word; do echo \"[$word]\"; done; echo \"SPARK_HOME=$SPARK_HOME\"; exit 42");
  }

  @Test
  void missingJarIsBuiltOnStandardErrorAndTheExitCodeIsJavas() throws Exception {
    Ended ended = run(Map.of(), "knn", "--train", "a b");

    assertThat(ended.code()).isEqualTo(42);
    assertThat(ended.err()).contains("building", "mvn in " + tree);
    assertThat(ended.out())
        .doesNotContain("mvn in")
        .contains("[" + classPath() + "]\n[org.byol4j.cli.Main]\n[knn]\n[--train]\n[a b]\n");
  }

  @Test
  void freshJarIsNotBuiltAgain() throws Exception {
    run(Map.of());

    assertThat(run(Map.of()).err()).isEmpty();
  }

  @Test
  void jarOlderThanASourceIsBuiltAgain() throws Exception {
    makeJar(LONG_AGO.plusSeconds(10));
    assertThat(run(Map.of()).err()).isEmpty();

    touch(tree.resolve("core/src/main/A.java"), LONG_AGO.plusSeconds(20));
    assertThat(run(Map.of()).err()).contains("building");
  }

  @Test
  void jarOlderThanAPomIsBuiltAgain() throws Exception {
    makeJar(LONG_AGO.plusSeconds(10));
    touch(tree.resolve("spark-runner/pom.xml"), LONG_AGO.plusSeconds(20));

    assertThat(run(Map.of()).err()).contains("building");
  }

  @Test
  void missingSparkIsBuilt() throws Exception {
    makeJar(LONG_AGO.plusSeconds(10));
    Files.delete(sparkJars());

    assertThat(run(Map.of()).err()).contains("building");
  }

  @Test
  void sparkFindsItsJarsAndThePackagesThatItOpens() throws Exception {
    Ended ended = run(Map.of("SPARK_HOME", "/another/spark"));

    assertThat(ended.out())
        .contains("[--add-opens=java.base/sun.nio.ch=ALL-UNNAMED]")
        .contains("SPARK_HOME=" + sparkJars().getParent());
  }

  @Test
  void deletedSourceIsBuiltWithout() throws Exception {
    makeJar(LONG_AGO.plusSeconds(10));
    Files.delete(tree.resolve("core/src/main/A.java"));

    assertThat(run(Map.of()).err()).contains("building");
  }

  @Test
  void nothingIsBuiltOnRequestOrWithoutSources() throws Exception {
    makeJar(LONG_AGO.minusSeconds(10));
    assertThat(run(Map.of("BYOL4J_NO_BUILD", "1")).err()).isEmpty();

    Files.delete(tree.resolve("pom.xml"));
    assertThat(run(Map.of()).err()).isEmpty();
  }

  @Test
  void failedBuildIsSaid() throws Exception {
    executable(temporary.resolve("tools/mvn"), "echo broken; exit 1");

    Ended ended = run(Map.of());

    assertThat(ended.code()).isEqualTo(70);
    assertThat(ended.out()).isEmpty();
    assertThat(ended.err()).contains("broken", "the build failed");
  }

  @Test
  void scriptWorksThroughASymbolicLinkFromAnyFolder() throws Exception {
    Path link = Files.createSymbolicLink(temporary.resolve("link"), tree.resolve("bin/byol4j"));

    Ended ended = run(link, Map.of(), "--version");

    assertThat(ended.out()).contains("[" + classPath() + "]\n[org.byol4j.cli.Main]\n[--version]\n");
  }

  @Test
  void oldJavaIsRefusedByName() throws Exception {
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"1.8.0_402\"\n");

    Ended ended = run(Map.of());

    assertThat(ended.code()).isEqualTo(64);
    assertThat(ended.err()).contains(jdk.toString(), "17 or later is needed");
  }

  @Test
  void missingJavaIsRefusedByName() throws Exception {
    Ended ended = run(Map.of("JAVA_HOME", "/no/such/jdk"));

    assertThat(ended.code()).isEqualTo(64);
    assertThat(ended.err()).contains("/no/such/jdk/bin/java", "17 or later is needed");
  }

  @Test
  void optionsOfTheJvmComeAfterOursAndBeforeTheJar() throws Exception {
    Ended ended = run(Map.of("BYOL4J_JAVA_OPTS", "-Xmx8g -ea"));

    assertThat(ended.out()).contains("[-Xmx8g]\n[-ea]\n[-cp]\n");
  }

  @Test
  void signalsReachJava() throws Exception {
    executable(jdk.resolve("bin/java"), "trap 'exit 143' TERM; echo ready; while :; do :; done");
    makeJar(Instant.now());
    Process process = start(tree.resolve("bin/byol4j"), Map.of());
    try (var out = process.inputReader(UTF_8)) {
      assertThat(out.readLine()).isEqualTo("ready");
      process.destroy();
      assertThat(process.waitFor()).isEqualTo(143);
    } finally {
      process.destroyForcibly();
    }
  }

  private Ended run(Map<String, String> environment, String... arguments) throws Exception {
    return run(tree.resolve("bin/byol4j"), environment, arguments);
  }

  private Ended run(Path script, Map<String, String> environment, String... arguments)
      throws Exception {
    Process process = start(script, environment, arguments);
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    int code = process.waitFor();
    return new Ended(code, out, Files.readString(temporary.resolve("err")));
  }

  private Process start(Path script, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(temporary.toFile());
    builder.redirectError(temporary.resolve("err").toFile());
    builder.environment().clear();
    builder.environment().put("PATH", temporary.resolve("tools") + ":/usr/bin:/bin");
    builder.environment().put("JAVA_HOME", jdk.toString());
    builder.environment().putAll(environment);
    return builder.start();
  }

  private Path sparkJars() {
    return jar.resolveSibling("spark/jars");
  }

  private String classPath() {
    return jar + ":" + sparkJars() + "/*";
  }

  private void makeJar(Instant time) throws IOException {
    Files.createDirectories(sparkJars());
    Files.writeString(jar, "");
    touch(jar, time);
  }

  private static void executable(Path file, String script) throws IOException {
    Files.writeString(file, "#!/bin/bash\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static void age(Path tree) throws IOException {
    List<Path> paths;
    try (var walk = Files.walk(tree)) {
      paths = walk.toList();
    }
    for (Path path : paths) {
      touch(path, LONG_AGO);
    }
  }

  private static void touch(Path path, Instant time) throws IOException {
    Files.setLastModifiedTime(path, FileTime.from(time));
  }
}
