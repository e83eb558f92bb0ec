package org.byol4j.spark.input;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Supplier;
import org.byol4j.checkpoint.PlaceException;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.data.DataException;
import org.byol4j.device.DeviceUnavailableException;

/** What it means that a job of Spark has failed. */
public final class SparkFailure {
  private SparkFailure() {}

  /**
   * Runs {@code job}, and lets what its tasks have thrown arrive as what it is.
   *
   * @param what what the job does, for messages
   * @throws DataException if a task has
   * @throws PlaceException if a task has
   * @throws StorageException if a task has
   * @throws DeviceUnavailableException if a task's device does not run on its machine
   * @throws UncheckedIOException if a task could not read or write, or Spark has lost it
   */
  public static <T> T orResultOf(String what, Supplier<T> job) {
    try {
      return job.get();
    } catch (Exception e) {
      // Scala throws what no signature says
      throw meaningOf(what, e);
    }
  }

  private static RuntimeException meaningOf(String what, Exception failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof DataException
          || cause instanceof PlaceException
          || cause instanceof StorageException
          || cause instanceof DeviceUnavailableException
          || cause instanceof UncheckedIOException) {
        return (RuntimeException) cause;
      }
      if (cause instanceof IOException e) {
        return new UncheckedIOException("%s: %s".formatted(what, e), e);
      }
    }
    if (failure instanceof RuntimeException e) {
      return e;
    }
    String reason = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    return new UncheckedIOException("%s: %s".formatted(what, reason), new IOException(failure));
  }
}
