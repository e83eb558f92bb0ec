package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import org.byol4j.checkpoint.CheckpointException;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.tcp.TlsKeysException;
import org.byol4j.config.ConfigurationException;
import org.byol4j.config.Fault;
import org.byol4j.data.DataException;
import org.byol4j.device.DeviceMemory;
import org.byol4j.device.DeviceMemoryError;
import org.byol4j.device.DeviceUnavailableException;
import org.byol4j.paramserver.DivergedException;
import org.byol4j.paramserver.NotFiniteException;
import org.byol4j.paramserver.sharing.FaultyReplicaException;
import org.byol4j.spark.ClusterException;
import org.byol4j.spark.NoSlotsException;
import org.byol4j.spark.OurExceptions;
import org.byol4j.train.CollapsedException;
import org.byol4j.train.LostReplicaException;
import org.byol4j.train.ResumeRefusedException;
import org.junit.jupiter.api.Test;

/** Which failure ends with which exit code, and how much is said of it. */
class FailuresTest {
  private final StringWriter err = new StringWriter();

  @Test
  void configurationIsTheUsersAndOneLineAFault() {
    Fault fault = new Fault("a.b", "1", "is not a key", "x.conf: 1", "");

    assertThat(code(new ConfigurationException(List.of(fault, fault)))).isEqualTo(64);
    assertThat(err.toString().lines())
        .containsExactly(
            "byol4j: a.b=1 is not a key (x.conf: 1)", "byol4j: a.b=1 is not a key (x.conf: 1)");
  }

  @Test
  void runThatMustNotGoOnIsTheUsersAndOneLine() {
    assertThat(code(new ResumeRefusedException("/a holds a run already"))).isEqualTo(64);
    assertThat(code(new CollapsedException("stopped by collapse.policy=stop"))).isEqualTo(64);
    assertThat(err.toString().lines()).hasSize(2);
  }

  @Test
  void keysOfTlsThatAreNotWhatTheSettingsSayAreTheUsersAndOneLine() {
    assertThat(code(new TlsKeysException("collective.tls.key-store=/a: no such file")))
        .isEqualTo(64);
    assertThat(err.toString().lines()).hasSize(1);
  }

  @Test
  void imagesAndCheckpointsAreData() {
    assertThat(code(new DataException("no images: path=/a"))).isEqualTo(65);
    assertThat(code(new CheckpointException("/a: damaged"))).isEqualTo(65);
    assertThat(err).hasToString("byol4j: no images: path=/a\nbyol4j: /a: damaged\n");
  }

  @Test
  void fullDiskAndFolderThatIsNotWritableAreWorthRetrying() {
    assertThat(code(new IOException("No space left on device"))).isEqualTo(75);
    assertThat(code(new UncheckedIOException("/a", new AccessDeniedException("/a")))).isEqualTo(75);
    assertThat(code(new StorageException("/a cannot be written", new IOException("x"))))
        .isEqualTo(75);
    assertThat(err.toString().lines())
        .containsExactly(
            "byol4j: java.io.IOException: No space left on device",
            "byol4j: /a",
            "byol4j: /a cannot be written");
  }

  @Test
  void clusterThatCannotHoldTheRunIsTheUsers() {
    assertThat(code(new ClusterException("replicas=3 slots=2"))).isEqualTo(64);
  }

  @Test
  void slotsThatDidNotComeAreWorthRetrying() {
    assertThat(code(new NoSlotsException("replicas=3 slots=2 after 30 s"))).isEqualTo(75);
  }

  @Test
  void lostReplicaIsWorthRetrying() {
    assertThat(code(new LostReplicaException("executor=1 was lost", new IOException("x"))))
        .isEqualTo(75);
    assertThat(code(new CollectiveException("rank=1 is gone"))).isEqualTo(75);
  }

  @Test
  void machineWithoutWhatTheDeviceNeedsIsUnfitAndOneLine() {
    UnsatisfiedLinkError cause = new UnsatisfiedLinkError("libcuda.so.1");
    DeviceMemory memory = new DeviceMemory(600, 9000, 2000, 2, 100, 3000);

    assertThat(code(new DeviceUnavailableException("nd4j needs a driver", cause))).isEqualTo(69);
    assertThat(code(new DeviceMemoryError("the plan needs bytes=9000", memory))).isEqualTo(69);
    assertThat(err).hasToString("byol4j: nd4j needs a driver\nbyol4j: the plan needs bytes=9000\n");
  }

  @Test
  void trainingOutOfFiniteNumbersIsOursAndOneLine() {
    assertThat(code(NotFiniteException.of("loss", Double.NaN, 3))).isEqualTo(70);
    assertThat(err.toString().lines()).singleElement().asString().contains("loss=NaN step=3");
  }

  @Test
  void commandThatWasAskedToStopEndsAsAfterSigterm() {
    assertThat(code(new CancellationException("stopped while waiting for slots"))).isEqualTo(143);
    assertThat(err.toString().lines()).hasSize(1);
  }

  @Test
  void replicasThatDivergedAreOursAndOneLine() {
    assertThat(code(OurExceptions.instance(DivergedException.class))).isEqualTo(70);
    assertThat(err.toString().lines()).hasSize(1);
  }

  @Test
  void replicaThatSendsWhatNoneSendsIsOneLineAndNoReasonToRetry() {
    assertThat(code(new FaultyReplicaException("rank=0 refused what came of rank=1")))
        .isEqualTo(70);
    assertThat(err).hasToString("byol4j: rank=0 refused what came of rank=1\n");
  }

  @Test
  void everyFailureOfOursHasTheExitCodeThatWasChosenForIt() {
    Map<String, Integer> codes = new TreeMap<>();
    for (Class<? extends Throwable> type : OurExceptions.types()) {
      codes.put(type.getSimpleName(), code(OurExceptions.instance(type)));
    }

    assertThat(codes)
        .isEqualTo(
            Map.ofEntries(
                Map.entry("CheckpointException", 65),
                Map.entry("ClusterException", 64),
                Map.entry("CollapsedException", 64),
                Map.entry("CollectiveException", 75),
                Map.entry("ConfigurationException", 64),
                Map.entry("DataException", 65),
                Map.entry("DeviceUnavailableException", 69),
                Map.entry("DivergedException", 70),
                Map.entry("EvaluationException", 65),
                Map.entry("ExchangeException", 65),
                Map.entry("FaultyReplicaException", 70),
                Map.entry("LostReplicaException", 75),
                Map.entry("MetricsException", 65),
                Map.entry("NcclException", 64),
                Map.entry("NoSlotsException", 75),
                Map.entry("NotFiniteException", 70),
                Map.entry("OtherImagesException", 64),
                Map.entry("PlaceException", 64),
                Map.entry("ResumeRefusedException", 64),
                Map.entry("StorageException", 75),
                Map.entry("TlsKeysException", 64)));
  }

  @Test
  void everythingElseIsOursAndHasItsStackTrace() {
    assertThat(code(new IllegalStateException("step=3 went wrong"))).isEqualTo(70);
    assertThat(err.toString())
        .startsWith("byol4j: step=3 went wrong\n")
        .contains("everythingElseIsOursAndHasItsStackTrace");
  }

  @Test
  void tracingShowsTheStackTraceOfAnyFailure() {
    int code = new Failures(true).tell(new DataException("/a/b"), new PrintWriter(err));

    assertThat(code).isEqualTo(65);
    assertThat(err.toString()).contains("tracingShowsTheStackTraceOfAnyFailure");
  }

  private int code(Throwable failure) {
    return new Failures(false).tell(failure, new PrintWriter(err));
  }
}
