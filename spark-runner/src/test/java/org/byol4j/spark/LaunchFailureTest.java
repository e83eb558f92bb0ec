package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.byol4j.checkpoint.CheckpointException;
import org.byol4j.checkpoint.PlaceException;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.tcp.TlsKeysException;
import org.byol4j.config.ConfigurationException;
import org.byol4j.data.DataException;
import org.byol4j.data.OtherImagesException;
import org.byol4j.device.DeviceMemory;
import org.byol4j.device.DeviceMemoryError;
import org.byol4j.device.DeviceUnavailableException;
import org.byol4j.device.cuda.NcclException;
import org.byol4j.eval.EvaluationException;
import org.byol4j.exchange.ExchangeException;
import org.byol4j.metrics.MetricsException;
import org.byol4j.paramserver.DivergedException;
import org.byol4j.paramserver.NotFiniteException;
import org.byol4j.paramserver.sharing.FaultyReplicaException;
import org.byol4j.train.CollapsedException;
import org.byol4j.train.LostReplicaException;
import org.byol4j.train.ResumeRefusedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which failures of replicas end a run, and which are started again. */
class LaunchFailureTest {
  private final Exception job =
      new IllegalStateException(
          """
          Job aborted due to stage failure: Could not recover from a failed barrier ResultStage.
          ExecutorLostFailure (executor 1 exited) Reason: exit code 137
          """);

  private static final Set<Class<? extends Throwable>> FINAL =
      Set.of(
          CheckpointException.class,
          ClusterException.class,
          CollapsedException.class,
          ConfigurationException.class,
          DataException.class,
          DeviceUnavailableException.class,
          DivergedException.class,
          EvaluationException.class,
          ExchangeException.class,
          FaultyReplicaException.class,
          MetricsException.class,
          NcclException.class,
          NotFiniteException.class,
          PlaceException.class,
          OtherImagesException.class,
          ResumeRefusedException.class,
          StorageException.class,
          TlsKeysException.class,
          UncheckedIOException.class);

  private static final Set<Class<? extends Throwable>> RETRIED =
      Set.of(
          CollectiveException.class,
          IllegalArgumentException.class,
          IllegalStateException.class,
          IOException.class,
          LostReplicaException.class,
          NoSlotsException.class,
          NullPointerException.class,
          OutOfMemoryError.class);

  @Test
  void everyFailureOfOursIsEitherFinalOrTriedAgain() {
    List<Class<? extends Throwable>> known =
        Stream.of(FINAL, RETRIED).<Class<? extends Throwable>>flatMap(Set::stream).toList();

    assertThat(known).containsAll(OurExceptions.types());
  }

  static List<Class<? extends Throwable>> finalOnes() {
    return List.copyOf(FINAL);
  }

  @ParameterizedTest
  @MethodSource("finalOnes")
  void failureThatWouldComeAgainEndsTheRunAsWhatItIs(Class<? extends Throwable> type) {
    Throwable failure = OurExceptions.instance(type);

    assertThat(LaunchFailure.of(Optional.of(failure), job, "; lost")).isSameAs(failure);
  }

  static List<Error> finalErrors() {
    return List.of(
        new LinkageError("no such method"),
        new DeviceMemoryError(
            "the plan needs bytes=9000", new DeviceMemory(600, 9000, 2000, 2, 100, 3000)));
  }

  @ParameterizedTest
  @MethodSource("finalErrors")
  void errorThatWouldComeAgainEndsTheRunAsWhatItIs(Error error) {
    assertThatThrownBy(() -> LaunchFailure.of(Optional.of(error), job, "")).isSameAs(error);
  }

  static List<Class<? extends Throwable>> retriedOnes() {
    return List.copyOf(RETRIED);
  }

  @ParameterizedTest
  @MethodSource("retriedOnes")
  void failureThatMayNotComeAgainCountsAsALostReplica(Class<? extends Throwable> type) {
    Throwable failure = OurExceptions.instance(type);

    assertThat(LaunchFailure.of(Optional.of(failure), job, "; executor=1 was lost"))
        .isInstanceOf(LostReplicaException.class)
        .hasMessageContaining(type.getSimpleName())
        .hasMessageEndingWith("; executor=1 was lost")
        .hasCause(failure);
  }

  @Test
  void jobThatFailedWithoutAWordOfAReplicaIsToldBySparksLineAboutIt() {
    assertThat(LaunchFailure.of(Optional.empty(), job, ""))
        .isInstanceOf(LostReplicaException.class)
        .hasMessage("ExecutorLostFailure (executor 1 exited) Reason: exit code 137");
  }
}
