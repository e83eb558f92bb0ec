package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.SparkPlugin;
import org.byol4j.collective.tcp.TlsKeysException;
import org.byol4j.train.LostReplicaException;
import org.byol4j.train.RunObserver;
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

  @Test
  void wrongPasswordIsFoundBeforeSlotsAreLookedFor() throws IOException {
    SmallRun run = withKeys("password", "file:" + Files.writeString(folder.resolve("other"), "x"));

    // with too few slots no replica could tell
    assertThatThrownBy(() -> run.onSpark("local[1]", new StopSignal(), RunObserver.NONE))
        .isInstanceOf(TlsKeysException.class)
        .hasMessageContaining("cannot be opened with the password of collective.tls.password=");
  }

  @Test
  void wrongPasswordThatOnlyExecutorsHaveEndsTheRunAtOnce() throws IOException {
    SmallRun run =
        withKeys("right", "env:BYOL4J_TEST_PASSWORD")
            .with(BarrierLauncherTest.onOurClasses())
            .with("cluster.spark.executorEnv.BYOL4J_TEST_PASSWORD=wrong");
    Heard heard = new Heard();

    assertThatThrownBy(() -> run.onSpark("local-cluster[2,1,1024]", new StopSignal(), heard))
        .isInstanceOf(TlsKeysException.class)
        .hasMessageContaining("cannot be opened with the password of collective.tls.password=");
    assertThat(heard.said()).noneMatch(line -> line.startsWith("restart "));
  }

  /** A run whose stores open with {@code right}, and whose settings name {@code source}. */
  private SmallRun withKeys(String right, String source) throws IOException {
    Path store = folder.resolve("keys.p12");
    try (OutputStream out = Files.newOutputStream(store)) {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, right.toCharArray());
      keys.store(out, right.toCharArray());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
    return SmallRun.in(
        folder,
        "tls",
        "cluster.replicas=2",
        "collective.tls.key-store=\"" + store + "\"",
        "collective.tls.trust-store=\"" + store + "\"",
        "collective.tls.password=\"" + source + "\"");
  }

  @Test
  void portThatIsTakenIsTriedAgainAndThenAReason() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      SmallRun run =
          SmallRun.in(
              folder,
              "ports",
              "cluster.replicas=2",
              "cluster.max-restarts=1",
              "collective.join-timeout=300ms",
              "collective.ports=\"%d-%d\"".formatted(port, port));
      Heard heard = new Heard();

      assertThatThrownBy(() -> run.onSpark("", new StopSignal(), heard))
          .isInstanceOf(LostReplicaException.class)
          .hasMessageContaining("cannot listen: host=127.0.0.1: no port to listen on: ")
          .hasMessageContaining("ports=%d-%d: Address already in use; given up after ", port, port);
      assertThat(heard.said()).anyMatch(line -> line.startsWith("restart 1 of 1, from "));
    }
  }

  @Test
  void whatSparkThrowsWhileReplicasMeetReachesTheDriverAtOnce() {
    SmallRun run =
        SmallRun.in(
            folder,
            "late",
            "cluster.replicas=2",
            "cluster.max-restarts=0",
            "cluster.spark.barrier.sync.timeout=1",
            "cluster.spark.plugins=\"" + LateReplica.class.getName() + "\"");

    assertThatThrownBy(() -> run.onSpark("", new StopSignal(), RunObserver.NONE))
        .isInstanceOf(LostReplicaException.class)
        .hasMessageStartingWith("org.apache.spark.SparkException: ")
        .hasMessageContaining("barrier sync")
        .hasRootCauseInstanceOf(SparkException.class);
  }

  /** Keeps the second task of a barrier stage from its work until it is cancelled. */
  public static final class LateReplica implements SparkPlugin {
    @Override
    public DriverPlugin driverPlugin() {
      return null;
    }

    @Override
    public ExecutorPlugin executorPlugin() {
      return new ExecutorPlugin() {
        @Override
        public void onTaskStart() {
          TaskContext task = TaskContext.get();
          while (task.partitionId() == 1 && !task.isInterrupted()) {
            LockSupport.parkNanos(1_000_000);
          }
        }
      };
    }
  }

  @Test
  void slotsAreWaitedForLongerOnceSomeWereLost() {
    SparkConf conf =
        new SparkConf()
            .setMaster("local[2]")
            .setAppName("slots")
            .set("spark.ui.enabled", "false")
            .set("spark.scheduler.maxRegisteredResourcesWaitingTime", "1s")
            .set("spark.executor.heartbeatInterval", "500ms")
            .set("spark.network.timeoutInterval", "1s")
            .set("spark.network.timeout", "2s");
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      Slots slots = new Slots(spark.sc(), new LostExecutors(), new StopSignal(), RunObserver.NONE);

      assertThat(slots.patience(false)).isEqualTo(Duration.ofSeconds(1));
      assertThat(slots.patience(true)).isEqualTo(Duration.ofSeconds(3));
      slots.await(2, slots.patience(false));
    }
  }
}
