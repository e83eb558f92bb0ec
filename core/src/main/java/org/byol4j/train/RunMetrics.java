package org.byol4j.train;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.byol4j.checkpoint.Attempt;
import org.byol4j.checkpoint.Retries;
import org.byol4j.checkpoint.RunFolder;
import org.byol4j.checkpoint.RunStorage;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.Upload;
import org.byol4j.metrics.MetricsLog;
import org.byol4j.metrics.StepRecord;

/**
 * The {@code metrics.jsonl} of a run, wherever that lies. On a disk each line is appended. Other
 * storages have no way to append: there the lines gather in a temporary file, which is written as a
 * whole with each checkpoint.
 */
final class RunMetrics implements AutoCloseable {
  private static final String NAME = "metrics.jsonl";
  private static final int CHUNK_BYTES = 1 << 20;

  private final Attempt attempt;
  private final Optional<Storage> shared;
  private final Path file;
  private final MetricsLog log;

  private RunMetrics(Attempt attempt, Optional<Storage> shared, Path file, long firstStep) {
    this.attempt = attempt;
    this.shared = shared;
    this.file = file;
    this.log = MetricsLog.open(file, firstStep);
  }

  /**
   * Opens the log for a run that goes on with {@code firstStep}; see {@link MetricsLog#open}.
   *
   * @throws org.byol4j.checkpoint.CheckpointException if a later attempt has begun
   * @throws org.byol4j.metrics.MetricsException if what is there is no log
   * @throws UncheckedIOException if it cannot be read or written
   */
  static RunMetrics open(RunStorage run, Attempt attempt, long firstStep) {
    attempt.check();
    Optional<Path> onDisk = run.onDisk().map(RunFolder::metrics);
    if (onDisk.isPresent()) {
      return new RunMetrics(attempt, Optional.empty(), onDisk.get(), firstStep);
    }
    try {
      Path copy = Files.createTempFile("byol4j-", "-" + NAME);
      if (run.files().exists(NAME)) {
        try (InputStream in = run.files().read(NAME)) {
          Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
        }
      }
      return new RunMetrics(attempt, Optional.of(run.files()), copy, firstStep);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot read %s: %s".formatted(run.files().describe(NAME), e.getMessage()), e);
    }
  }

  /**
   * The last line of a run's metrics, whole or not; empty if there is none.
   *
   * @throws UncheckedIOException if it cannot be read
   */
  static String lastLine(RunStorage run) {
    try {
      if (!run.files().exists(NAME)) {
        return "";
      }
      try (BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(run.files().read(NAME), StandardCharsets.UTF_8))) {
        return lines.lines().reduce("", (before, line) -> line);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot read %s: %s".formatted(run.files().describe(NAME), e.getMessage()), e);
    }
  }

  /** The step that the run goes on from; see {@link MetricsLog#continued}. */
  Optional<StepRecord> continued() {
    return log.continued();
  }

  /** Appends a record; see {@link MetricsLog#append}. */
  void append(StepRecord entry) {
    if (shared.isEmpty()) {
      attempt.check();
    }
    log.append(entry);
  }

  /** Writes the last record anew; see {@link MetricsLog#amend}. */
  void amend(StepRecord entry) {
    if (shared.isEmpty()) {
      attempt.check();
    }
    log.amend(entry);
  }

  /** Returns when everything that was appended lies, durably, in the run's folder. */
  void flush() {
    log.flush();
    shared.ifPresent(this::upload);
  }

  private void upload(Storage storage) {
    try {
      Retries.standard().run(() -> tryUploading(storage));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot write %s: %s".formatted(storage.describe(NAME), e.getMessage()), e);
    }
  }

  private String tryUploading(Storage storage) throws IOException {
    attempt.check();
    try (FileChannel lines = FileChannel.open(file);
        Upload upload = storage.create(NAME)) {
      ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
      while (lines.read(chunk.clear()) >= 0) {
        upload.write(chunk.flip());
      }
      upload.commit();
    }
    return NAME;
  }

  @Override
  public void close() {
    log.close();
    if (shared.isPresent()) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot delete " + file, e);
      }
    }
  }
}
