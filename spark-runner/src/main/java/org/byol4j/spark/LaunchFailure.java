package org.byol4j.spark;

import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import org.byol4j.checkpoint.CheckpointException;
import org.byol4j.checkpoint.PlaceException;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.collective.tcp.TlsKeysException;
import org.byol4j.config.ConfigurationException;
import org.byol4j.data.DataException;
import org.byol4j.data.OtherImagesException;
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

/** What a launch that failed means: that the run cannot go on, or that replicas were lost. */
final class LaunchFailure {
  /** These would come again. */
  private static final List<Class<? extends Throwable>> FINAL =
      List.of(
          CheckpointException.class,
          ClusterException.class,
          CollapsedException.class,
          ConfigurationException.class,
          DataException.class,
          DeviceMemoryError.class,
          DeviceUnavailableException.class,
          DivergedException.class,
          EvaluationException.class,
          ExchangeException.class,
          FaultyReplicaException.class,
          LinkageError.class,
          MetricsException.class,
          NcclException.class,
          NotFiniteException.class,
          PlaceException.class,
          OtherImagesException.class,
          ResumeRefusedException.class,
          StorageException.class,
          TlsKeysException.class,
          UncheckedIOException.class);

  private static final List<String> REASONS =
      List.of("ExecutorLostFailure", "Exception: ", "Error: ");

  private LaunchFailure() {}

  /**
   * The exception that tells of a failed launch.
   *
   * @param reported what ended the replicas, as far as they could tell
   * @param job what Spark says of its job
   * @param lostExecutor what to add if executors were lost
   * @throws Error if an error ended the replicas that would come again
   */
  static RuntimeException of(Optional<Throwable> reported, Exception job, String lostExecutor) {
    if (reported.isEmpty()) {
      return new LostReplicaException(reason(job), job);
    }
    Throwable failure = reported.get();
    if (FINAL.stream().noneMatch(type -> type.isInstance(failure))) {
      return new LostReplicaException(firstLine(failure.toString()) + lostExecutor, failure);
    }
    if (failure instanceof Error error) {
      throw error;
    }
    return (RuntimeException) failure;
  }

  /** The line in which Spark says what happened to a task or its executor, or else the first. */
  private static String reason(Exception job) {
    String message = String.valueOf(job.getMessage());
    return message
        .lines()
        .filter(line -> REASONS.stream().anyMatch(line::contains))
        .findFirst()
        .orElseGet(() -> firstLine(message))
        .strip();
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }
}
