package org.byol4j.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.byol4j.augment.AugmentSettings.ViewRecipe;
import org.byol4j.collective.CollectiveSettings;
import org.byol4j.collective.CollectiveSettings.Kind;
import org.byol4j.collective.tcp.TcpSettings;
import org.byol4j.collective.tcp.TlsSettings;
import org.byol4j.nn.NetworkSettings.LastGamma;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.ParameterServerSettings.TargetSync;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which value wins, where it comes from, and how it is written down. */
class ConfigurationTest {
  private static final String SHARING = "parameter-server.mode=gradient-sharing";

  @TempDir Path folder;

  @Test
  void defaultsAreThePapersRecipeForHundredEpochs() {
    Configuration defaults = configuration();

    assertThat(defaults.train().epochs()).isEqualTo(100);
    assertThat(defaults.train().batchSize()).isEqualTo(4096);
    assertThat(defaults.augment().view1())
        .isEqualTo(new ViewRecipe(.5, .8, .4, .4, .2, .1, .2, 1, .1, 2, 0, .5));
    assertThat(defaults.augment().view2())
        .isEqualTo(new ViewRecipe(.5, .8, .4, .4, .2, .1, .2, .1, .1, 2, .2, .5));
    assertThat(defaults.augment().std()).containsExactly(.229, .224, .225);
    assertThat(defaults.network().headBias().name()).isEqualTo("FIRST");
    assertThat(defaults.data().maxPixels()).isEqualTo(100_000_000);
  }

  @Test
  void fileWinsOverDefaultsAndCommandLineOverFile() throws IOException {
    Path file = write("a.conf", "train { epochs = 7, batch-size = 128 }");

    Configuration configuration = Configuration.ofFile(file, set("train.epochs=19"));

    assertThat(configuration.train().epochs()).isEqualTo(19);
    assertThat(configuration.train().batchSize()).isEqualTo(128);
  }

  @Test
  void lastOfTwoAssignmentsWins() {
    assertThat(configuration("train.seed=1", "train.seed=2").train().seed()).isEqualTo(2);
  }

  @Test
  void fileInTheWorkingFolderFindsItsIncludesThere() throws IOException {
    Path base = Files.createTempFile(Path.of(""), "base", ".conf");
    Path file = Files.createTempFile(Path.of(""), "a", ".conf");
    try {
      Files.writeString(base, "train.epochs = 18");
      Files.writeString(file, "include \"" + base + "\"");

      assertThat(Configuration.ofFile(file, List.of()).train().epochs()).isEqualTo(18);
    } finally {
      Files.delete(file);
      Files.delete(base);
    }
  }

  @Test
  void includingFileWinsOverIncludedOne() throws IOException {
    write("base.conf", "train { epochs = 7, seed = 5 }");
    Path file = write("a.conf", "include \"base.conf\"\ntrain.epochs = 18");

    Configuration configuration = Configuration.ofFile(file, List.of());

    assertThat(configuration.train().epochs()).isEqualTo(18);
    assertThat(configuration.train().seed()).isEqualTo(5);
  }

  @Test
  void secondViewFollowsWhatAFileSaysOfTheFirst() throws IOException {
    Path file = write("a.conf", "augment.view1 { jitter = 0.3, blur = 0.7 }");

    Configuration configuration = Configuration.ofFile(file, List.of());

    assertThat(configuration.augment().view2().jitter()).isEqualTo(0.3);
    assertThat(configuration.augment().view2().blur()).isEqualTo(0.1);
  }

  @Test
  void secondViewFollowsWhatTheCommandLineSaysOfTheFirst() throws IOException {
    Path file = write("a.conf", "augment { view1.jitter = 0.3, view2.solarize = 0.4 }");

    ViewRecipe view2 =
        Configuration.ofFile(file, set("augment.view1.jitter=0.6")).augment().view2();

    assertThat(view2.jitter()).isEqualTo(0.6);
    assertThat(view2.solarize()).isEqualTo(0.4);
  }

  @Test
  void secondViewKeepsItsOwnValueWhenTheFirstChanges() {
    ViewRecipe view2 =
        configuration("augment.view2.jitter=0.1", "augment.view1.jitter=0.6").augment().view2();

    assertThat(view2.jitter()).isEqualTo(0.1);
  }

  @Test
  void substitutionsWorkInAFileAndOnTheCommandLine() throws IOException {
    Path file = write("a.conf", "heads { hidden = 512, output = ${heads.hidden} }");

    assertThat(Configuration.ofFile(file, List.of()).network().output()).isEqualTo(512);
    assertThat(
            Configuration.ofFile(file, set("train.seed=${heads.hidden}", "heads.hidden=64"))
                .train()
                .seed())
        .isEqualTo(64);
  }

  @Test
  void enumerationsAreWrittenInKebabCase() {
    assertThat(configuration("network.last-gamma=zero-in-bottlenecks").network().lastGamma())
        .isEqualTo(LastGamma.ZERO_IN_BOTTLENECKS);
  }

  @Test
  void listsCanBeAssigned() {
    assertThat(configuration("augment.mean=[0.1, 0.2, 0.3]").augment().mean())
        .containsExactly(0.1, 0.2, 0.3);
  }

  @Test
  void collectiveIsReadWithItsUnits() {
    TcpSettings collective =
        Configuration.ofDefaults(
                List.of(
                    new Assignment("--set", "collective.ports=7000-7099"),
                    new Assignment("--set", "collective.peer-timeout=1500 ms"),
                    new Assignment("--set", "collective.tls.key-store=keys.p12"),
                    new Assignment("--set", "collective.tls.trust-store=trusted.p12"),
                    new Assignment("--set", "collective.tls.password=\"env:STORE_PASSWORD\"")))
            .collective();
    assertThat(collective)
        .isEqualTo(
            new TcpSettings(
                7000,
                7099,
                Duration.ofMinutes(1),
                Duration.ofMillis(1500),
                Duration.ofMinutes(10),
                Duration.ofNanos(50_000),
                524_288,
                Optional.of(
                    new TlsSettings(
                        Path.of("keys.p12"), Path.of("trusted.p12"), "env:STORE_PASSWORD"))));
  }

  @Test
  void encodedGradientsGoByTcpWhereNobodySaysOtherwise() {
    assertThat(exchange().kind()).isEqualTo(Kind.AUTO);
    assertThat(exchange("parameter-server.mode=gradient-sharing").kind()).isEqualTo(Kind.TCP);
    assertThat(exchange("compute.device=cuda", "collective.kind=nccl").kind()).isEqualTo(Kind.NCCL);
    assertThat(exchange().isEncrypted()).isFalse();
    assertThat(exchange("collective.progress-timeout=3 s").progressTimeout())
        .isEqualTo(Duration.ofSeconds(3));
  }

  private static CollectiveSettings exchange(String... assignments) {
    return Configuration.ofDefaults(
            Stream.of(assignments).map(text -> new Assignment("--set", text)).toList())
        .exchange();
  }

  @Test
  void replicasOnGpusMoveTheTargetThemselves() {
    Assignment cuda = new Assignment("--set", "compute.device=cuda");
    Assignment broadcast = new Assignment("--set", "parameter-server.target-sync=broadcast");

    assertThat(Configuration.ofDefaults(List.of()).server().targetSync())
        .isEqualTo(TargetSync.BROADCAST);
    assertThat(Configuration.ofDefaults(List.of(cuda)).server().targetSync())
        .isEqualTo(TargetSync.LOCAL);
    assertThat(Configuration.ofDefaults(List.of(cuda, broadcast)).server().targetSync())
        .isEqualTo(TargetSync.BROADCAST);
  }

  @Test
  void automaticShardsAreTheLargestDivisorUpToSixtyFour() {
    assertThat(configuration().data().shards()).isEqualTo(64);
    assertThat(configuration("train.batch-size=100").data().shards()).isEqualTo(50);
    assertThat(configuration("train.batch-size=96").data().shards()).isEqualTo(48);
  }

  @Test
  void automaticShardsLeaveWholeMicroBatches() {
    assertThat(configuration("train.batch-size=256", "train.micro-batches=8").data().shards())
        .isEqualTo(32);
  }

  @Test
  void automaticWorkersAreAsManyAsThreads() {
    assertThat(configuration("compute.threads=6").data().workers()).isEqualTo(6);
  }

  @Test
  void everyKeyOfTheReferenceIsReadAndHasAnOrigin() {
    assertThat(configuration().resolved())
        .hasSizeGreaterThan(70)
        .allSatisfy(value -> assertThat(value.origin()).matches("(auto, )?reference.conf: \\d+"));
  }

  @Test
  void originsNameFileAndLineOrOption() throws IOException {
    write("base.conf", "\ntrain.seed = 5");
    Path file = write("a.conf", "include \"base.conf\"\n\ntrain.epochs = 18");

    List<ResolvedValue> resolved = Configuration.ofFile(file, set("heads.hidden=64")).resolved();

    assertThat(resolved)
        .contains(
            new ResolvedValue("train.seed", "5", folder.resolve("base.conf") + ": 2"),
            new ResolvedValue("train.epochs", "18", file + ": 3"),
            new ResolvedValue("heads.hidden", "64", "--set"));
  }

  @Test
  void textDependsOnMeaningAndNotOnSpelling() {
    ConfigurationText plain = configuration("optimizer.weight-decay=0.00001").text();

    assertThat(configuration("optimizer.weight-decay=1e-5").text().toString())
        .isEqualTo(plain.toString());
    assertThat(configuration("optimizer.weight-decay=1e-5").text().sha256())
        .isEqualTo(plain.sha256())
        .matches("[0-9a-f]{64}");
    assertThat(configuration("optimizer.weight-decay=2e-5").text().sha256())
        .isNotEqualTo(plain.sha256());
  }

  @Test
  void textGivesTheSameSettingsBack() throws IOException {
    try (Stream<Path> presets = Files.list(Path.of("..", "conf"))) {
      for (Path preset : presets.toList()) {
        Configuration first = Configuration.ofFile(preset, set("compute.threads=3"));
        Configuration again =
            Configuration.ofText(first.text().toString(), "checkpoint", List.of());

        assertThat(again.text().toString()).isEqualTo(first.text().toString());
        assertThat(again.augment()).isEqualTo(first.augment());
        assertThat(again.network()).isEqualTo(first.network());
        assertThat(again.optimizer()).isEqualTo(first.optimizer());
        assertThat(ConfigurationText.parse(first.text().toString()).toString())
            .isEqualTo(first.text().toString());
      }
    }
  }

  @Test
  void textIsSortedByKey() {
    List<String> keys =
        configuration()
            .text()
            .toString()
            .lines()
            .map(line -> line.substring(0, line.indexOf(" = ")))
            .toList();

    assertThat(keys).isSorted().contains("train.epochs", "augment.view2.blur");
  }

  @Test
  void resumeNamesOldAndNewValuesOfKeysThatMatter() {
    ConfigurationText before = configuration().text();
    ConfigurationText now =
        configuration("train.epochs=200", "heads.hidden=512", "network.predictor=none").text();

    assertThat(before.decisive().toString())
        .contains("heads.hidden = 4096\n", "train.epochs = 100\n")
        .isNotEqualTo(now.decisive().toString());
    assertThat(before.resumeDifferences(now))
        .containsExactly(
            "heads.hidden: 4096 -> 512",
            "network.predictor: mlp -> none",
            "train.epochs: 100 -> 200");
  }

  @Test
  void resumeMayChangeWhereARunRunsAndWhatIsKept() {
    ConfigurationText now =
        configuration(
                "train.checkpoint-every-steps=5",
                "checkpoint.keep-last=9",
                "knn.every-epochs=1",
                "collapse.policy=stop",
                "data.workers=7",
                "data.prefetch=9",
                "cluster.replicas=4",
                "cluster.master=yarn",
                "compute.threads=8",
                "augment.on=cpu")
            .text();

    assertThat(configuration().text().resumeDifferences(now)).isEmpty();
    assertThat(configuration().text().decisive().toString()).isEqualTo(now.decisive().toString());
  }

  @Test
  void gradientsAreSharedOnlyWhereAskedFor() {
    assertThat(configuration().server().sharing()).isEmpty();
    assertThat(configuration().server().targetSync()).isEqualTo(TargetSync.BROADCAST);

    ParameterServerSettings sharing =
        configuration(SHARING, "gradient-sharing.max-share=0.4").server();
    assertThat(sharing.targetSync()).isEqualTo(TargetSync.LOCAL);
    assertThat(sharing.sharing().orElseThrow().maxShare()).isEqualTo(0.4);
    assertThat(sharing.sharing().orElseThrow().initialThreshold()).as("auto").isZero();
    assertThat(
            configuration(SHARING, "gradient-sharing.initial-threshold=1e-3")
                .server()
                .sharing()
                .orElseThrow()
                .initialThreshold())
        .isEqualTo(1e-3);
  }

  @Test
  void textOfARunThatSharesGradientsIsReadAgain() {
    Configuration configuration = configuration(SHARING);

    assertThat(
            Configuration.ofText(configuration.text().toString(), "checkpoint", List.of()).server())
        .isEqualTo(configuration.server());
  }

  @Test
  void resumeKeepsTheModeAndWhatIsShared() {
    ConfigurationText sharing = configuration(SHARING).text();

    ConfigurationText synchronous = configuration().text();
    assertThat(synchronous.resumeDifferences(sharing))
        .containsExactly("parameter-server.mode: synchronous -> gradient-sharing");
    assertThat(sharing.resumeDifferences(synchronous))
        .containsExactly("parameter-server.mode: gradient-sharing -> synchronous");
    assertThat(
            sharing.resumeDifferences(
                configuration(SHARING, "gradient-sharing.max-share=0.4").text()))
        .containsExactly("gradient-sharing.max-share: 0.3 -> 0.4");
  }

  @Test
  void synchronousRunGoesOnWhateverWouldBeSharedOtherwise() {
    ConfigurationText now = configuration("gradient-sharing.max-share=0.4").text();
    ConfigurationText before = configuration().text();
    ConfigurationText older =
        ConfigurationText.parse(
            before
                .toString()
                .replaceAll("(?m)^(parameter-server\\.mode|gradient-sharing\\..*) = .*\n", ""));

    assertThat(before.resumeDifferences(now)).isEmpty();
    assertThat(older.toString()).doesNotContain("mode").doesNotContain("sharing");
    assertThat(older.resumeDifferences(now)).isEmpty();
  }

  @Test
  void propertiesOfSparkPassThroughButAreNeverWrittenDown() {
    Configuration configuration =
        configuration(
            "cluster.master=\"local[2]\"",
            "cluster.spark.hadoop.fs.s3a.secret.key=hush",
            "cluster.spark.\"speculation\"=true",
            "cluster.spark.\"speculation.interval\"=1s",
            "cluster.spark.executor.memory=null");

    assertThat(configuration.cluster().master()).isEqualTo("local[2]");
    assertThat(configuration.cluster().spark())
        .containsExactly(
            entry("hadoop.fs.s3a.secret.key", "hush"),
            entry("speculation", "true"),
            entry("speculation.interval", "1s"));
    assertThat(configuration.text().toString())
        .contains("cluster.master = \"local[2]\"\n")
        .doesNotContain("cluster.spark");
    assertThat(configuration.toString()).doesNotContain("hush");
    assertThat(
            Configuration.ofText(configuration.text().toString(), "text", List.of())
                .cluster()
                .master())
        .isEqualTo("local[2]");
  }

  @Test
  void resumeNamesKeysThatOnlyOneSideHas() {
    ConfigurationText before = ConfigurationText.parse("train.epochs = 1\n");
    ConfigurationText now = ConfigurationText.parse("heads.hidden = 2\ntrain.epochs = 1\n");

    assertThat(before.resumeDifferences(now)).containsExactly("heads.hidden: absent -> 2");
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static Configuration configuration(String... assignments) {
    return Configuration.ofDefaults(set(assignments));
  }

  private static List<Assignment> set(String... assignments) {
    return Stream.of(assignments).map(text -> new Assignment("--set", text)).toList();
  }
}
