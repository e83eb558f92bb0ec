package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class DoctorCommandTest {
  @TempDir Path folder;

  @Test
  void machineThatComputesOnItsCpuIsWell() {
    Ran ran =
        Ran.byol4j(
            "doctor", "--set", "train.batch-size=16", "--out", folder.resolve("run").toString());

    assertThat(ran.code()).as(ran.out()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out().lines())
        .anyMatch(line -> line.matches("  ok +java +17\\b.*"))
        .anyMatch(line -> line.matches("  ok +compute.device .*device=onednn.*"))
        .anyMatch(line -> line.matches("  ok +room for images .*" + folder + " free"))
        .anyMatch(line -> line.matches("  ok +ports +a single replica listens nowhere"))
        .anyMatch(line -> line.matches("0 faults, \\d+ warnings"));
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void machineWithoutAGpuGetsAFullReportAndACodeOfItsOwn() {
    assumeTrue(!Files.exists(Path.of("/proc/driver/nvidia/version")), "no NVIDIA driver here");

    Ran ran = Ran.byol4j("doctor", "--set", "compute.device=cuda", "--set", "compute.threads=2");

    assertThat(ran.code()).isEqualTo(69);
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out())
        .contains("cannot load library=libcuda.so.1", "cannot load library=libcudnn.so.9")
        .contains("libcudnn9-cuda-13, nvidia-cudnn-cu13")
        .contains("-> see docs/gpu.md")
        .doesNotContain("Exception", "\tat ");
  }

  @Test
  void jsonHasEveryFindingWithItsLevel() throws IOException {
    Ran ran = Ran.byol4j("doctor", "--set", "train.batch-size=16", "--replicas", "2", "--json");

    JsonNode json = new ObjectMapper().readTree(ran.out().lines().reduce((a, b) -> b).orElse(""));
    assertThat(json.get("faults").asInt()).isZero();
    JsonNode place = json.get("places").get(0);
    assertThat(place.get("place").asText()).isEqualTo("this process");
    assertThat(place.get("findings").findValuesAsText("subject"))
        .contains("java", "memory", "threads", "gpu", "ports", "clock");
    assertThat(place.get("findings").findValuesAsText("level"))
        .contains("ok")
        .doesNotContain("fault");
  }

  @Test
  void planThatTheMachineCanNeverHoldIsAFault() {
    Ran ran = Ran.byol4j("doctor", "--set", "train.batch-size=524288");

    assertThat(ran.code()).as(ran.out()).isEqualTo(69);
    assertThat(ran.out())
        .containsPattern("fault +memory +.* for 524288 images at a time .*replicas here=1")
        .contains("train.micro-batches");
  }

  @Test
  void faultsOfTheConfigurationAreToldAsElsewhere() {
    Ran ran = Ran.byol4j("doctor", "--set", "compute.device=gpu");

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err()).contains("compute.device=gpu");
  }

  @Test
  void placesOfReplicasAreLookedAtByTasksThatConnect() {
    Ran ran =
        Ran.byol4j(
            "doctor",
            "--set",
            "train.batch-size=16",
            "--set",
            "cluster.replicas=2",
            "--on-executors");

    assertThat(ran.code()).as(ran.out()).isZero();
    assertThat(ran.out().lines())
        .anyMatch(line -> line.startsWith("replica rank=0 host=127.0.0.1 executor=driver"))
        .anyMatch(line -> line.startsWith("replica rank=1 host=127.0.0.1 executor=driver"))
        .anyMatch(line -> line.matches("  ok +connections +connected with all 2 replicas"))
        .anyMatch(line -> line.matches("  ok +clock +agrees with the driver's"));
  }

  @Test
  void replicasThatCannotListenAreFoundByTheTasks() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      Ran ran =
          Ran.byol4j(
              "doctor",
              "--set",
              "cluster.replicas=2",
              "--set",
              "collective.ports=\"%1$d-%1$d\"".formatted(port),
              "--set",
              "collective.join-timeout=100 ms",
              "--on-executors");

      assertThat(ran.code()).as(ran.out()).isEqualTo(69);
      assertThat(ran.out())
          .containsPattern("fault +ports +host=127.0.0.1 .*port=" + port)
          .containsPattern("fault +connections +.*cannot listen");
    }
  }

  @Test
  void clusterThatCannotHoldTheReplicasIsAnErrorOfTheConfiguration() {
    Ran ran =
        Ran.byol4j(
            "doctor", "--set", "cluster.replicas=3", "--master", "local[2]", "--on-executors");

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err()).contains("replicas=3 slots=2");
  }
}
