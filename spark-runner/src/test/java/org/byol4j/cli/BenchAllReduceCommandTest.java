package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BenchAllReduceCommandTest {

  @ParameterizedTest
  @CsvSource({"2, 2048", "3, 80000"})
  void processesSumAndTellHowLongItTook(int replicas, long bytes) throws IOException {
    Ran ran = bench("--replicas=" + replicas, "--bytes=" + bytes, "--iterations=20", "--json");

    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(ran.out().lines().reduce((a, b) -> b).orElse(""));
    assertThat(json.get("replicas").asInt()).isEqualTo(replicas);
    assertThat(json.get("iterations").asInt()).isEqualTo(20);
    double seconds = json.get("p50_us").asDouble() / 1e6;
    assertThat(seconds).isPositive();
    assertThat(json.get("p99_us").asDouble() / 1e6).isGreaterThanOrEqualTo(seconds);
    assertThat(json.get("algbw_gb_s").asDouble())
        .isCloseTo(bytes / seconds / 1e9, within(bytes / seconds / 1e15));
  }

  @ParameterizedTest
  @CsvSource({
    "--replicas=1, --bytes=8, '--replicas=1 is out of range; allowed: 2 to 64'",
    "--replicas=2, --bytes=12, '--bytes=12 is out of range; allowed: a multiple of 8 below 2^31'",
    "--replicas=2, --bytes=0, '--bytes=0 is out of range'",
  })
  void faultsOfOptionsAreNamedByThem(String replicas, String bytes, String fault) {
    Ran ran = bench(replicas, bytes);

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err()).contains(fault);
  }

  @Test
  void faultsOfSettingsAreToldBeforeAnyProcessStarts() {
    Ran ran = bench("--replicas=2", "--bytes=8", "--set=collective.spin=soon");

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err()).contains("collective.spin=soon is not a duration (--set)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "KILL"})
  @Timeout(value = 120, unit = TimeUnit.SECONDS)
  void processesEndWithTheOneThatStartedThem(String signal) throws Exception {
    Process parent =
        ProcessTest.start(
            ProcessTest.MAIN,
            "bench",
            "allreduce",
            "--replicas=2",
            "--bytes=8",
            "--iterations=2000000000");
    try {
      List<ProcessHandle> replicas = parent.children().toList();
      while (replicas.size() < 2) {
        assertThat(parent.isAlive()).isTrue();
        replicas = parent.children().toList();
      }
      new ProcessBuilder("kill", "-" + signal, Long.toString(parent.pid())).start().waitFor();
      parent.waitFor();
      for (ProcessHandle replica : replicas) {
        // fails by the timeout where it lives on
        replica.onExit().get();
      }
    } finally {
      parent.descendants().forEach(ProcessHandle::destroyForcibly);
      parent.destroyForcibly();
    }
  }

  private static Ran bench(String... words) {
    String[] all = new String[words.length + 2];
    all[0] = "bench";
    all[1] = "allreduce";
    System.arraycopy(words, 0, all, 2, words.length);
    return Ran.byol4j(all);
  }
}
