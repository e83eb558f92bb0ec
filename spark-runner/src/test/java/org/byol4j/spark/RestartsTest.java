package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.tcp.TlsKeysException;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is tried again on a real Spark, and what is not. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RestartsTest {
  @TempDir Path folder;

  @Test
  void keysOfTlsThatAreNotThereEndTheRunAtOnce() {
    Path nowhere = folder.resolve("nowhere.p12");
    SmallRun run =
        SmallRun.in(
            folder,
            "tls",
            "cluster.replicas=2",
            "collective.tls.key-store=\"" + nowhere + "\"",
            "collective.tls.trust-store=\"" + nowhere + "\"",
            "collective.tls.password=\"env:PATH\"");
    Heard heard = new Heard();

    assertThatThrownBy(() -> run.onSpark("", new StopSignal(), heard))
        .isInstanceOf(TlsKeysException.class)
        .hasMessage("collective.tls.key-store=%s: no such file", nowhere);
    assertThat(heard.said()).noneMatch(line -> line.startsWith("restart "));
  }
}
