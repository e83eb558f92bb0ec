package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.rpc.RpcEnv;
import org.byol4j.metrics.StepRecord;
import org.byol4j.train.RunObserver;
import org.byol4j.train.RunSummary;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What Spark shows of a run. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class SeenFromOutsideTest {
  /** A socket's state in the kernel's tables. */
  private static final String LISTENING = "0A";

  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @TempDir Path folder;

  @Test
  void metricsAreOnPrometheussPageAndEpochsAmongTheJobs() {
    SmallRun run =
        SmallRun.in(
            folder,
            "run",
            "cluster.replicas=2",
            "cluster.spark.ui.enabled=true",
            "cluster.spark.ui.port=0");
    StopSignal stop = new StopSignal();
    Heard observer = new Heard();

    try (BarrierLauncher launcher =
        BarrierLauncher.of(run.configuration(), "local[2]", stop, observer)) {
      RunSummary summary = run.run(launcher, stop, observer);

      SparkContext spark = SparkContext.getOrCreate();
      String ui = spark.uiWebUrl().get();
      String metrics = get(ui + "/metrics/prometheus/");
      assertThat(value(metrics, "loss")).isEqualTo(summary.loss());
      assertThat(value(metrics, "step")).isEqualTo(SmallRun.STEPS - 1);
      assertThat(value(metrics, "epoch")).isEqualTo(1);
      StepRecord last = observer.steps().get(SmallRun.STEPS - 1);
      assertThat(value(metrics, "learning_rate")).isEqualTo(last.learningRate());
      assertThat(value(metrics, "target_decay")).isEqualTo(last.targetDecay());
      assertThat(value(metrics, "feature_std")).isEqualTo(last.featureStd());
      assertThat(value(metrics, "images_per_s")).isPositive();
      assertThat(value(metrics, "restarts")).isZero();
      assertThat(value(metrics, "bad_images")).isZero();
      double parts =
          value(metrics, "data_wait_ms")
              + value(metrics, "forward_ms")
              + value(metrics, "backward_ms")
              + value(metrics, "communication_ms");
      assertThat(value(metrics, "forward_ms")).isPositive();
      assertThat(value(metrics, "backward_ms")).isPositive();
      assertThat(value(metrics, "communication_ms")).isPositive();
      assertThat(parts).isLessThanOrEqualTo(value(metrics, "step_ms"));

      String jobs = ui + "/api/v1/applications/" + spark.applicationId() + "/jobs";
      String list = get(jobs);
      while (!list.contains("epoch 2 of 2: loss ")) {
        Thread.onSpinWait();
        list = get(jobs);
      }
      assertThat(list).contains("epoch 1 of 2: loss ", "BYOL: replicas=2 out=");
    }
    assertThat(observer.steps()).hasSize(SmallRun.STEPS);
  }

  @Test
  void embeddedSparkListensForThisHostOnly() {
    SmallRun run = SmallRun.in(folder, "run", "cluster.replicas=2");
    Set<String> before = listening();
    Set<String> during = new TreeSet<>();

    run.onSpark("", new StopSignal(), new LooksAtEveryStep(() -> during.addAll(listening())));

    during.removeAll(before);
    assertThat(during).as("Spark's driver listens").isNotEmpty();
    assertThat(during).allMatch(address -> address.contains("0100007F:"), "127.0.0.1");
  }

  @Test
  void embeddedSparkTalksToNobodyWhoDoesNotKnowItsSecret() {
    SmallRun run =
        SmallRun.in(
            folder,
            "run",
            "cluster.replicas=2",
            "train.epochs=1",
            "cluster.spark.ui.enabled=true",
            "cluster.spark.ui.port=0");
    List<String> answers = new ArrayList<>();
    List<String> shown = new ArrayList<>();
    List<String> secrets = new ArrayList<>();

    run.onSpark(
        "",
        new StopSignal(),
        new LooksAtEveryStep(
            () -> {
              SparkContext spark = SparkContext.getOrCreate();
              answers.add(answerToAStranger(spark.conf().get("spark.driver.port")));
              secrets.add(spark.env().securityManager().getSecretKey());
              shown.add(spark.conf().toDebugString());
              shown.add(
                  get(
                      spark.uiWebUrl().get()
                          + "/api/v1/applications/%s/environment"
                              .formatted(spark.applicationId())));
            }));

    assertThat(answers).isNotEmpty().allMatch(answer -> answer.startsWith("refused: "));
    assertThat(secrets)
        .isNotEmpty()
        .allSatisfy(secret -> assertThat(secret).hasSizeGreaterThan(31));
    assertThat(shown).allSatisfy(text -> assertThat(text).doesNotContain(secrets.get(0)));
  }

  /** What a program without the secret hears from the driver. */
  private static String answerToAStranger(String port) {
    SparkConf conf = new SparkConf(false).set("spark.rpc.askTimeout", "10s");
    SecurityManager security =
        new SecurityManager(
            conf,
            SecurityManager.$lessinit$greater$default$2(),
            SecurityManager.$lessinit$greater$default$3());
    RpcEnv stranger = RpcEnv.create("stranger", "127.0.0.1", 0, conf, security, true);
    try {
      RpcAddress driver = new RpcAddress("127.0.0.1", Integer.parseInt(port));
      return "welcomed: " + stranger.setupEndpointRef(driver, "HeartbeatReceiver");
    } catch (Exception e) {
      // Scala throws what no signature says
      return "refused: " + e;
    } finally {
      stranger.shutdown();
    }
  }

  /** What this process listens on, {@code address:port} in the kernel's hexadecimal. */
  private static Set<String> listening() {
    Set<String> addresses = new TreeSet<>();
    for (String table : List.of("tcp", "tcp6")) {
      try {
        for (String line : Files.readAllLines(Path.of("/proc/self/net", table))) {
          String[] columns = line.strip().split("\\s+", -1);
          if (columns[3].equals(LISTENING) && isOurs(columns[9])) {
            addresses.add(columns[1]);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return addresses;
  }

  /** Whether this process has the socket of an inode. */
  private static boolean isOurs(String inode) throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.anyMatch(file -> leadsTo(file, "socket:[" + inode + "]"));
    }
  }

  private static boolean leadsTo(Path file, String target) {
    try {
      return Files.readSymbolicLink(file).toString().equals(target);
    } catch (IOException e) {
      // closed in the meantime
      return false;
    }
  }

  private record LooksAtEveryStep(Runnable look) implements RunObserver {
    @Override
    public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {}

    @Override
    public void stepDone(StepRecord entry) {
      look.run();
    }

    @Override
    public void says(String message) {}
  }

  private static String get(String address) {
    HttpRequest request = HttpRequest.newBuilder(URI.create(address)).build();
    try {
      return HTTP.send(request, BodyHandlers.ofString()).body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The value of one of our gauges. */
  private static double value(String metrics, String name) {
    String line =
        metrics
            .lines()
            .filter(text -> text.contains("TrainingPlugin_" + name + "_Value"))
            .findFirst()
            .orElseThrow(() -> new AssertionError("no " + name + " in:\n" + metrics));
    return Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
  }

  @Test
  void taskTakesTheAddressOfItsGpuFromSpark() throws IOException {
    Path script = folder.resolve("gpu.sh");
    Files.writeString(script, "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"7\"]}'\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    SmallRun run =
        SmallRun.in(
                folder,
                "gpu",
                "train.epochs=1",
                "cluster.spark.worker.resource.gpu.amount=1",
                "cluster.spark.worker.resource.gpu.discoveryScript=\"" + script + "\"",
                "cluster.spark.executor.resource.gpu.amount=1",
                "cluster.spark.task.resource.gpu.amount=1")
            .with(BarrierLauncherTest.onOurClasses());
    Heard observer = new Heard();

    run.onSpark("local-cluster[1,1,1024]", new StopSignal(), observer);

    assertThat(observer.said()).anyMatch(line -> line.matches("replica rank=0 runs on .* gpu=7"));
  }
}
