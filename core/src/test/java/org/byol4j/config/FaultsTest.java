package org.byol4j.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.byol4j.augment.AugmentSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said of a configuration that cannot be used. */
class FaultsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "train.epochs=ten | is not an integer (--set); allowed: an integer from 1 to 1000000",
        "train.epochs=2.5 | is not an integer (--set); allowed: an integer from 1 to 1000000",
        "train.epochs=0 | is out of range (--set); allowed: an integer from 1 to 1000000",
        "train.epochs=99999999999999999999 | is out of range (--set); allowed: an integer from 1 to"
            + " 1000000",
        "train.epochs=null | is not an integer (--set); allowed: an integer from 1 to 1000000",
        "train.epochs=[1] | is not an integer (--set); allowed: an integer from 1 to 1000000",
        "data.shards=some | is not an integer (--set); allowed: an integer from 1 to 1000000, or"
            + " auto",
        "data.shards=0 | is out of range (--set); allowed: an integer from 1 to 1000000",
        "data.max-bad-fraction=1.5 | is out of range (--set); allowed: a number from 0 to 1",
        "optimizer.momentum=1 | is out of range (--set); allowed: a number from 0 to below 1",
        "optimizer.base-learning-rate=0 | is out of range (--set); allowed: a number above 0",
        "optimizer.base-learning-rate=NaN | is not a number (--set); allowed: a number above 0",
        "optimizer.base-learning-rate=Infinity | is not a number (--set); allowed: a number above"
            + " 0",
        "optimizer.weight-decay=-1 | is out of range (--set); allowed: a number of at least 0",
        "optimizer.lars.clip=maybe | is neither true nor false (--set); allowed: true, false",
        "network.last-gamma=two | is not a choice (--set); allowed: one, zero, zero-in-bottlenecks",
        "network.last-gamma=ZERO | is not a choice (--set); allowed: one, zero,"
            + " zero-in-bottlenecks",
        "parameter-server.mode=gossip | is not a choice (--set); allowed: synchronous,"
            + " gradient-sharing",
        "parameter-server.target-sync=none | is not a choice (--set); allowed: auto, broadcast,"
            + " local",
        "gradient-sharing.max-share=0.6 | is out of range (--set); allowed: a number above 0 to 0.5",
        "gradient-sharing.initial-threshold=0 | is out of range (--set); allowed: a number from"
            + " 1.0E-30 to 1000000",
        "gradient-sharing.staleness=-1 | is out of range (--set); allowed: an integer from 0 to 16",
        "gradient-sharing.initial-threshold=low | is not a number (--set); allowed: a number from"
            + " 1.0E-30 to 1000000, or auto",
        "compute.precision=fp16 | is not a choice (--set); allowed: fp32, tf32, bf16",
        "compute.cuda.graphs=on | is not a choice (--set); allowed: auto, off",
        "compute.convolution=winograd | is not a choice (--set); allowed: auto, direct",
        "augment.on=gpu | is not a choice (--set); allowed: auto, cpu, device",
        "compute.device=gpu | is not a choice (--set); allowed: onednn, nd4j, cuda",
        "network.width=0.3 | gives the stem 19.2 channels (--set); allowed: a multiple of 1/64",
        "augment.mean=0.5 | is not a list (--set); allowed: a list of 3 numbers from 0 to 1",
        "augment.mean=[1,2] | is out of range (--set); allowed: a list of 3 numbers from 0 to 1",
        "collective.peer-timeout=soon | is not a duration (--set); allowed: a duration from 100 ms"
            + " to 24 h",
        "collective.peer-timeout=10 | is not a duration (--set); allowed: a duration from 100 ms to"
            + " 24 h",
        "collective.peer-timeout=1 ms | is out of range (--set); allowed: a duration from 100 ms to"
            + " 24 h",
        "collective.spin=1 s | is out of range (--set); allowed: a duration from 0 ns to 100 ms",
        "collective.ports=9-8 | is no range of ports (--set); allowed: 0-0, or low-high within"
            + " 1-65535",
        "collective.ports=0-9 | is no range of ports (--set); allowed: 0-0, or low-high within"
            + " 1-65535",
        "collective.ports=1-65536 | is no range of ports (--set); allowed: 0-0, or low-high within"
            + " 1-65535",
        "collective.chunk-bytes=1001 | is not a multiple of 8 (--set); allowed: such as 1000",
        "collective.chunk-bytes=8 | is out of range (--set); allowed: an integer from 64 to"
            + " 67108864",
        "train=5 | is a section, not a value (--set); allowed: keys such as train.batch-size",
      })
  void aValueOnItsOwnIsRefused(String assignment, String fault) {
    assertThat(faults(assignment)).containsExactly(assignment + " " + fault);
  }

  @Test
  void tlsNeedsBothStoresAndTheSourceOfTheirPassword() {
    assertThat(faults("collective.tls.key-store=keys.p12"))
        .containsExactlyInAnyOrder(
            "collective.tls.trust-store is no file (reference.conf: n); "
                + "allowed: a file, or all of collective.tls empty",
            "collective.tls.password does not say where the password comes from (reference.conf:"
                + " n); allowed: env:NAME, file:PATH, or all of collective.tls empty");
  }

  @ParameterizedTest
  @CsvSource({
    "train.epoch, train.epochs",
    "train.batchSize, train.batch-size",
    "batch-size, train.batch-size",
    "optimiser.momentum, optimizer.momentum",
    "target.schedul, target.schedule",
    "augment.view1.solarise, augment.view1.solarize",
  })
  void unknownKeyNamesTheNearest(String unknown, String nearest) {
    assertThat(faults(unknown + "=1"))
        .containsExactly(unknown + "=1 is not a key; the nearest is " + nearest + " (--set)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.b", "learning_rate", "x", "model.type"})
  void unknownKeyThatIsNearNoneNamesNone(String unknown) {
    assertThat(faults(unknown + "=1")).containsExactly(unknown + "=1 is not a key (--set)");
  }

  @Test
  void sparksPropertiesAreReferredToTheirPlace() {
    assertThat(faults("spark.executor.memory=4g"))
        .containsExactly(
            "spark.executor.memory=4g is Spark's, whose properties go under cluster.spark (--set)");
  }

  @Test
  void sparksSectionIsASectionOfPlainValues() {
    assertThat(faults("cluster.spark=yes"))
        .containsExactly(
            "cluster.spark=yes is not a section (--set); allowed: a section, { name = value }");
    assertThat(faults("cluster.spark.jars=[a, b]"))
        .containsExactly(
            "cluster.spark.jars=[\"a\",\"b\"] is a list (--set);"
                + " allowed: a string, a number or a flag");
  }

  @Test
  void batchMustBeAMultipleOfShards() throws IOException {
    Path file = write("\ntrain.batch-size = 1000\ndata.shards = 64");

    assertThat(faults(file))
        .containsExactly(
            "train.batch-size=1000 is not a multiple of data.shards=64 ("
                + file
                + ": 2; data.shards: "
                + file
                + ": 3); allowed: a multiple of 64 such as 1024, or data.shards one of"
                + " 1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 100, 125, 200, 250, 500, 1000");
  }

  @Test
  void microBatchesMustDivideWhatAShardGives() {
    assertThat(faults("train.batch-size=256", "data.shards=64", "train.micro-batches=8"))
        .containsExactly(
            "train.micro-batches=8 does not divide the 4 images that a step takes from a shard,"
                + " with train.batch-size=256 and data.shards=64"
                + " (--set);"
                + " allowed: 1, 2, 4, or data.shards one of 1, 2, 4, 8, 16, 32");
  }

  @Test
  void microBatchesMustDivideTheBatch() {
    assertThat(faults("train.batch-size=12", "train.micro-batches=5"))
        .containsExactly(
            "train.micro-batches=5 does not divide train.batch-size=12 (--set);"
                + " allowed: 1, 2, 3, 4, 6");
  }

  @Test
  void microBatchesOfOneImageHaveNoStatistics() {
    assertThat(faults("train.batch-size=12", "train.micro-batches=12"))
        .containsExactly(
            "train.micro-batches=12 leaves no two images to a micro-batch,"
                + " with train.batch-size=12 (--set); allowed: 1, 2, 3, 4, 6");
  }

  @Test
  void replicasMustNotOutnumberShards() {
    assertThat(faults("cluster.replicas=65"))
        .containsExactly(
            "cluster.replicas=65 is above data.shards=64 (--set; data.shards: auto, reference.conf:"
                + " n); allowed: 1 to 64");
  }

  @Test
  void warmupMustNotOutlastTheRun() {
    assertThat(faults("train.epochs=5"))
        .containsExactly(
            "optimizer.warmup-epochs=10 is above train.epochs=5 (reference.conf: n; train.epochs:"
                + " --set); allowed: 0 to 5");
  }

  @Test
  void evaluationMustFitItsBuffer() {
    String[] most = {
      "knn.every-epochs=1", "network.backbone=resnet50", "network.width=2", "knn.max-images=131040"
    };
    assertThat(Configuration.ofDefaults(set(most)).knn().maxImages()).isEqualTo(131040);
    assertThat(faults(most[0], most[1], most[2], "knn.max-images=131041"))
        .containsExactly(
            "knn.max-images=131041 is more than an evaluation holds, with network.backbone=resnet50"
                + " and network.width=2.0 (--set); allowed: 5 to 131040");
    assertThat(Configuration.ofDefaults(set("knn.max-images=2000000000")).knn().everyEpochs())
        .isZero();
  }

  @Test
  void smallestMustNotBeAboveLargest() {
    assertThat(faults("augment.crop.min-area=0.9", "augment.crop.max-area=0.5"))
        .containsExactly(
            "augment.crop.min-area=0.9 is above augment.crop.max-area=0.5 (--set);"
                + " allowed: at most 0.5");
    assertThat(faults("augment.crop.min-aspect=2")).hasSize(1);
    assertThat(faults("augment.view2.min-sigma=3")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nd4j", "cuda"})
  void directConvolutionsAreForOnednnOnly(String device) {
    assertThat(faults("compute.device=" + device, "compute.convolution=direct"))
        .containsExactly(
            "compute.convolution=direct cannot be asked for, with compute.device=%s (--set);"
                    .formatted(device)
                + " allowed: auto, or compute.device=onednn");
  }

  @ParameterizedTest
  @CsvSource({"onednn, tf32", "onednn, bf16", "nd4j, bf16"})
  void precisionBelowFloat32IsForCudaOnly(String device, String precision) {
    assertThat(faults("compute.device=" + device, "compute.precision=" + precision))
        .containsExactly(
            "compute.precision=%s cannot be asked for, with compute.device=%s (--set);"
                    .formatted(precision, device)
                + " allowed: fp32, or compute.device=cuda");
  }

  @ParameterizedTest
  @ValueSource(strings = {"onednn", "nd4j"})
  void viewsOnTheDeviceAreForCudaOnly(String device) {
    assertThat(faults("compute.device=" + device, "augment.on=device"))
        .containsExactly(
            "augment.on=device cannot be asked for, with compute.device=%s (--set);"
                    .formatted(device)
                + " allowed: auto or cpu, or compute.device=cuda");
    assertThat(Configuration.ofDefaults(set("compute.device=cuda", "augment.on=device")).augment())
        .extracting(AugmentSettings::on)
        .isEqualTo(AugmentSettings.Place.DEVICE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fp32", "tf32", "bf16"})
  void cudaTakesEveryPrecision(String precision) {
    String[] given = {"compute.device=cuda", "compute.precision=" + precision};
    assertThat(Configuration.ofDefaults(set(given)).compute().precision()).isEqualTo(precision);
  }

  @Test
  void replicasThatShareGradientsDoNotBroadcastTargets() {
    assertThat(
            faults(
                "parameter-server.mode=gradient-sharing", "parameter-server.target-sync=broadcast"))
        .containsExactly(
            "parameter-server.target-sync=broadcast cannot be asked for,"
                + " with parameter-server.mode=gradient-sharing (--set);"
                + " allowed: auto or local, which every replica does then");
  }

  @Test
  void ncclIsForGpusWithoutTlsThatExchangeWholeGradients() {
    String nccl = "collective.kind=nccl";
    assertThat(faults(nccl))
        .containsExactly(
            "collective.kind=nccl cannot be asked for, with compute.device=onednn (--set;"
                + " compute.device: reference.conf: n); allowed: auto or tcp, or"
                + " compute.device=cuda");
    String cuda = "compute.device=cuda";
    assertThat(faults(nccl, cuda, "parameter-server.mode=gradient-sharing"))
        .containsExactly(
            "collective.kind=nccl cannot be asked for, with parameter-server.mode=gradient-sharing"
                + " (--set); allowed: auto or tcp, which encoded gradients travel by");
    assertThat(
            faults(
                nccl,
                cuda,
                "collective.tls.key-store=keys.p12",
                "collective.tls.trust-store=trusted.p12",
                "collective.tls.password=\"env:STORE_PASSWORD\""))
        .containsExactly(
            "collective.kind=nccl cannot be asked for, with collective.tls.key-store=\"keys.p12\""
                + " (--set); allowed: auto or tcp, as NCCL does not encrypt");
  }

  @Test
  void targetDoesNotMoveAheadOfTheStepWhereUpdatesAreLate() {
    String sharing = "parameter-server.mode=gradient-sharing";
    String ahead = "target.update=before-forward";
    assertThat(faults(sharing, ahead, "gradient-sharing.staleness=2"))
        .containsExactly(
            "target.update=before-forward cannot be asked for, with gradient-sharing.staleness=2"
                + " (--set); allowed: after-step, or gradient-sharing.staleness=0");
    // without gradient sharing its keys mean nothing
    Configuration.ofDefaults(set(ahead, "gradient-sharing.staleness=2"));
    Configuration.ofDefaults(set(sharing, ahead));
  }

  @Test
  void smallestShareMustNotBeAboveTheLargest() {
    assertThat(faults("parameter-server.mode=gradient-sharing", "gradient-sharing.min-share=0.31"))
        .containsExactly(
            "gradient-sharing.min-share=0.31 is above gradient-sharing.max-share=0.3 (--set;"
                + " gradient-sharing.max-share: reference.conf: n); allowed: at most 0.3");
  }

  @Test
  void blurOfASmallViewIsRefused() {
    assertThat(faults("augment.size=16", "augment.view2.blur=0"))
        .containsExactly(
            "augment.view1.blur=1 blurs nothing, with augment.size=16 (reference.conf: n;"
                + " augment.size: --set); allowed: 0, or augment.size of at least 20");
  }

  @Test
  void aFaultThatTheSecondViewInheritsIsToldOnce() {
    assertThat(faults("augment.view1.flip=2")).hasSize(1);
    assertThat(faults("augment.view1.flip=2", "augment.view2.flip=2")).hasSize(2);
  }

  @Test
  void allFaultsAreToldTogether() throws IOException {
    Path file = write("train.epochs = none\nnetwork.depth = 3\naugment.view2.flip = 7");

    assertThat(faults(file, "heads.hidden=0", "cluster.replicas=100", "spark.master=local"))
        .hasSize(6)
        .anyMatch(fault -> fault.startsWith("train.epochs=none") && fault.contains(file + ": 1"))
        .anyMatch(fault -> fault.startsWith("network.depth=3") && fault.contains(file + ": 2"))
        .anyMatch(fault -> fault.startsWith("augment.view2.flip=7"))
        .anyMatch(fault -> fault.startsWith("heads.hidden=0"))
        .anyMatch(fault -> fault.startsWith("cluster.replicas=100"))
        .anyMatch(fault -> fault.startsWith("spark.master=local"));
  }

  @Test
  void missingFileIsNamed() {
    Path file = folder.resolve("none.conf");

    assertThat(faults(file)).containsExactly("--conf=" + file + " does not exist");
    assertThat(faults(folder)).containsExactly("--conf=" + folder + " is not a file");
  }

  @Test
  void missingIncludeIsNamedWithItsFileAndLine() throws IOException {
    Path file = write("train.epochs = 3\ninclude \"none.conf\"");

    assertThat(faults(file)).containsExactly("include=none.conf does not exist (" + file + ": 2)");
  }

  @Test
  void missingIncludeOfAnIncludedFileIsNamedWithThatFileAndLine() throws IOException {
    Path inner = Files.writeString(folder.resolve("inner.conf"), "\n\ninclude \"none.conf\"");
    Path file = write("include \"inner.conf\"");

    assertThat(faults(file)).containsExactly("include=none.conf does not exist (" + inner + ": 3)");
  }

  @Test
  void textThatIsNotHoconIsNamedWithItsLine() throws IOException {
    Path file = write("train {\n  epochs = 3\n");

    assertThat(faults(file))
        .singleElement()
        .asString()
        .startsWith("--conf=" + file + " cannot be read: ")
        .contains("(" + file + ": ");
  }

  @Test
  void assignmentsThatAreNotHoconAreAllNamed() {
    assertThat(faults("train.epochs", "train.seed=[1", "=3"))
        .hasSize(3)
        .anyMatch(fault -> fault.equals("--set=train.epochs has no value; allowed: key=value"))
        .anyMatch(fault -> fault.startsWith("--set=train.seed=[1 cannot be read: "))
        .anyMatch(fault -> fault.equals("--set==3 has no key; allowed: key=value"));
  }

  @Test
  void substitutionThatLeadsNowhereIsNamedWithItsLine() throws IOException {
    Path file = write("\ntrain.epochs = ${no.such.key}");

    assertThat(faults(file))
        .singleElement()
        .asString()
        .contains("${no.such.key}", "(" + file + ": 2)");
  }

  @Test
  void editDistanceCountsInsertionsDeletionsAndReplacements() {
    assertThat(UnknownKeys.editDistance("kitten", "sitting")).isEqualTo(3);
    assertThat(UnknownKeys.editDistance("", "abc")).isEqualTo(3);
    assertThat(UnknownKeys.editDistance("abc", "abc")).isZero();
  }

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("a.conf"), text);
  }

  private static List<String> faults(Path file, String... assignments) {
    return told(() -> Configuration.ofFile(file, set(assignments)));
  }

  private static List<String> faults(String... assignments) {
    return told(() -> Configuration.ofDefaults(set(assignments)));
  }

  private static List<String> told(ThrowingCallable read) {
    return catchThrowableOfType(ConfigurationException.class, read).faults().stream()
        .map(fault -> fault.toString().replaceAll("reference.conf: \\d+", "reference.conf: n"))
        .toList();
  }

  private static List<Assignment> set(String... assignments) {
    return Stream.of(assignments).map(text -> new Assignment("--set", text)).toList();
  }
}
