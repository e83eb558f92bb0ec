package org.byol4j.spark;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.byol4j.checkpoint.CheckpointReader;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** What keys on a terminal do to a run: they reach the driver and all its executors at once. */
@Tag("fault")
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = ThreadMode.SEPARATE_THREAD)
class TerminalTest {
  @TempDir Path folder;

  @Test
  void interruptOfAllProcessesEndsTheRunAfterItsStepWithACheckpoint() throws Exception {
    SmallRun run =
        SmallRun.in(
                folder,
                "run",
                "train.epochs=100000",
                "train.checkpoint-every-steps=1000000",
                "cluster.max-restarts=0")
            .with(BarrierLauncherTest.onOurClasses());
    Process process = inAGroupOfItsOwn(run);
    try (BufferedReader err = process.errorReader(UTF_8)) {
      List<String> lines = new ArrayList<>();
      for (String line = err.readLine(); line != null; line = err.readLine()) {
        lines.add(line);
        if (line.startsWith("step 1/")) {
          // a negative number is a whole group
          new ProcessBuilder("kill", "-INT", "--", "-" + process.pid()).start().waitFor();
        }
      }
      assertThat(process.waitFor()).as(String.join("\n", lines)).isEqualTo(130);
      assertThat(new String(process.getInputStream().readAllBytes(), UTF_8))
          .startsWith("stopped after ");
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    assertThat(CheckpointReader.open(run.out()).manifest().step()).isPositive();
  }

  private static Process inAGroupOfItsOwn(SmallRun run) throws Exception {
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT", "setsid"));
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "org.byol4j.cli.Main"));
    command.addAll(List.of("train", "--conf", "../conf/cifar10-small.conf"));
    command.addAll(List.of("--data", run.images().toString(), "--out", run.out().toString()));
    command.addAll(List.of("--master", "local-cluster[2,1,1024]", "--replicas", "2"));
    Stream.concat(SmallRun.SMALL.stream(), run.assignments().stream())
        .forEach(text -> command.addAll(List.of("--set", text)));
    return new ProcessBuilder(command).start();
  }
}
