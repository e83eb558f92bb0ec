package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchStepCommandTest {

  @Test
  void measureEndsWithOneLineOfJson() throws IOException {
    Ran ran = bench("resnet18", "--replicas", "1");

    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode json = json(ran);
    assertThat(json.get("img_per_s").asDouble() * json.get("median_s").asDouble())
        .isBetween(3.999, 4.001);
    assertThat(json.get("peak_rss_mb").asDouble()).isPositive();
    assertThat(json.get("precision").asText()).isEqualTo("fp32");
    assertThat(json.get("convolution").asText()).isEqualTo("auto");
    assertThat(json.get("first_loss").asDouble()).isBetween(0.0, 8.0);
    assertThat(json.get("last_loss").asDouble()).isLessThan(json.get("first_loss").asDouble());
  }

  @Test
  void gpuThatIsNotThereIsOneLineAndTheMachinesFault() {
    assumeTrue(!Files.exists(Path.of("/proc/driver/nvidia/version")), "no NVIDIA driver here");

    Ran ran = bench("resnet18", "--replicas", "2", "--device", "cuda");

    assertThat(ran.code()).isEqualTo(69);
    assertThat(ran.err().lines())
        .singleElement()
        .asString()
        .startsWith("byol4j: compute.device=cuda needs ");
  }

  @Test
  void processesOverTcpComputeWhatThreadsDo() throws IOException {
    JsonNode threads = json(bench("resnet18", "--replicas", "2"));
    assertThat(threads.get("first_loss").asDouble()).isBetween(0.0, 8.0);
    Ran ran = bench("resnet18", "--replicas", "2", "--collective", "tcp");

    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode processes = json(ran);
    assertThat(processes.get("collective").asText()).isEqualTo("tcp");
    assertThat(processes.get("replicas").asInt()).isEqualTo(2);
    assertThat(processes.get("first_loss")).isEqualTo(threads.get("first_loss"));
    assertThat(processes.get("last_loss")).isEqualTo(threads.get("last_loss"));
    double parts = 0;
    for (String part : List.of("forward_s", "backward_s", "communication_s")) {
      assertThat(processes.get(part).asDouble()).as(part).isPositive();
      parts += processes.get(part).asDouble();
    }
    // medians of each, over two steps: their mean
    assertThat(parts).isLessThanOrEqualTo(processes.get("median_s").asDouble());
  }

  @Test
  void sharedGradientsTakeFewerBytes() throws IOException {
    String[] all = {"--replicas", "2", "--collective", "tcp", "--hidden", "1024"};
    List<String> some = new ArrayList<>(List.of(all));
    some.addAll(List.of("--mode", "gradient-sharing", "--set", "gradient-sharing.max-share=0.35"));
    JsonNode synchronous = json(bench("resnet18", all));
    Ran ran = bench("resnet18", some.toArray(String[]::new));

    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode sharing = json(ran);
    assertThat(sharing.get("mode").asText()).isEqualTo("gradient-sharing");
    assertThat(sharing.get("first_loss")).isEqualTo(synchronous.get("first_loss"));
    assertThat(sharing.get("sent_bytes").asDouble())
        .isPositive()
        .isLessThan(synchronous.get("sent_bytes").asDouble() / 10);
    assertThat(ran.out()).contains(" MB a step to the other replicas");
  }

  @Test
  void ncclWithoutGpusIsRefusedBeforeAnyReplicaStarts() {
    assumeTrue(
        !Files.exists(Path.of("/proc/driver/nvidia/version")), "this machine has no NVIDIA driver");

    Ran ran = bench("resnet18", "--replicas", "2", "--collective", "nccl", "--device", "cuda");

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err())
        .startsWith("byol4j: collective.kind=nccl cannot be had: ")
        .contains("compute.device=cuda needs ");
  }

  @Test
  void ncclOnAnotherDeviceOrWithOneReplicaIsRefused() {
    Ran onCpu = bench("resnet18", "--replicas", "2", "--collective", "nccl");
    assertThat(onCpu.code()).isEqualTo(64);
    assertThat(onCpu.err()).contains("collective.kind=nccl cannot be asked for").contains("onednn");

    Ran alone = bench("resnet18", "--collective", "nccl", "--device", "cuda");
    assertThat(alone.code()).isEqualTo(64);
    assertThat(alone.err()).contains("--replicas=1 is out of range; allowed: at least 2");
  }

  @Test
  void keysThatTheMeasureDoesNotUseAreRefused() {
    Ran ran = bench("resnet18", "--set", "optimizer.momentum=0");

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err())
        .contains("--set optimizer.momentum=0; allowed: keys of gradient-sharing.");
  }

  @Test
  void keysOfSharingAreRefusedWhereNothingIsShared() {
    Ran ran = bench("resnet18", "--set", "gradient-sharing.max-share=0.2");

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err())
        .contains("--set gradient-sharing.max-share=0.2 means nothing with --mode synchronous");
  }

  @ParameterizedTest
  @CsvSource({
    "resnet19, 1, network.backbone=resnet19 is not a choice (--backbone)",
    "resnet18, 9, cluster.replicas=9 is above data.shards=4 (--replicas",
  })
  void faultsOfOptionsAreNamedByThem(String backbone, String replicas, String fault) {
    Ran ran = bench(backbone, "--replicas", replicas);

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err()).contains(fault);
  }

  @Test
  void convolutionMayBeDirect() throws IOException {
    Ran ran = bench("resnet18", "--convolution", "direct");

    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(json(ran).get("convolution").asText()).isEqualTo("direct");
  }

  @Test
  void noStepsAreRefused() {
    Ran ran = bench("resnet18", "--steps", "0");

    assertThat(ran.code()).isEqualTo(64);
  }

  private static JsonNode json(Ran ran) throws IOException {
    return new ObjectMapper().readTree(ran.out().lines().reduce((a, b) -> b).orElse(""));
  }

  private static Ran bench(String backbone, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of("bench", "step", "--backbone", backbone, "--stem", "cifar", "--image", "8"));
    words.addAll(List.of("--batch", "4", "--threads", "1", "--json"));
    words.addAll(List.of(more));
    if (!words.contains("--hidden")) {
      words.addAll(List.of("--hidden", "16"));
    }
    if (!words.contains("--steps")) {
      words.addAll(List.of("--steps", "2"));
    }
    return Ran.byol4j(words.toArray(String[]::new));
  }
}
