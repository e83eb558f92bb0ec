package org.byol4j.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The file {@code metrics.jsonl}: one line per step, appended when the step is done.
 *
 * <p>On resume it is cut back to the checkpoint's step, so that the file of a resumed run holds
 * each step once.
 */
public final class MetricsLog implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final FileChannel channel;
  private final Optional<StepRecord> continued;
  private long lastLine;

  private MetricsLog(Path file, FileChannel channel, Line last) throws IOException {
    this.file = file;
    this.channel = channel.position(channel.size());
    this.continued = last.entry();
    this.lastLine = last.start();
  }

  /** Where a line begins, and the record that it holds, if it holds one. */
  private record Line(long start, Optional<StepRecord> entry) {
    static final Line NONE = new Line(0, Optional.empty());
  }

  /**
   * Opens the log for a run that goes on with {@code firstStep}; lines of that step and later ones
   * are dropped, as is a last line that was not written to its end.
   *
   * @throws MetricsException if another line is no step record, naming file and line
   * @throws UncheckedIOException if the file cannot be read or written
   */
  public static MetricsLog open(Path file, long firstStep) {
    try {
      Line last = Files.exists(file) ? cutBack(file, firstStep) : Line.NONE;
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      return new MetricsLog(file, channel, last);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot open %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  /**
   * The record that the log ended with when it was opened and cut back; empty if it held none, or
   * something else.
   */
  public Optional<StepRecord> continued() {
    return continued;
  }

  /**
   * Appends a record.
   *
   * @throws UncheckedIOException if it cannot be written
   */
  public void append(StepRecord entry) {
    try {
      lastLine = channel.position();
      write(entry);
    } catch (IOException e) {
      throw cannotWrite(entry, e);
    }
  }

  /**
   * Writes the last record anew, as more is known of it now. It is written over the old one: a
   * process that ends meanwhile leaves one or the other, but not none.
   *
   * @throws UncheckedIOException if it cannot be written
   */
  public void amend(StepRecord entry) {
    try {
      channel.position(lastLine);
      write(entry);
      channel.truncate(channel.position());
    } catch (IOException e) {
      throw cannotWrite(entry, e);
    }
  }

  private void write(StepRecord entry) throws IOException {
    ByteBuffer line = ByteBuffer.wrap((entry.toJson() + "\n").getBytes(StandardCharsets.UTF_8));
    while (line.hasRemaining()) {
      channel.write(line);
    }
  }

  private UncheckedIOException cannotWrite(StepRecord entry, IOException cause) {
    return new UncheckedIOException(
        "cannot write %s: step=%d cause=%s".formatted(file, entry.step(), cause.getMessage()),
        cause);
  }

  /**
   * Returns when everything that was appended is on the disk: a checkpoint must not be newer than
   * the lines before it.
   *
   * @throws UncheckedIOException if it cannot be written
   */
  public void flush() {
    try {
      channel.force(false);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close " + file, e);
    }
  }

  /** Drops the lines of {@code firstStep} and later ones, and returns the last that is kept. */
  private static Line cutBack(Path file, long firstStep) throws IOException {
    try (RandomAccessFile lines = new RandomAccessFile(file.toFile(), "rw")) {
      byte[] last = new byte[0];
      long start = 0;
      long keep = 0;
      int number = 0;
      for (byte[] line = readLine(lines); line.length > 0; line = readLine(lines)) {
        number++;
        boolean isComplete = line[line.length - 1] == '\n';
        if (!isComplete || stepOf(line, file, number) >= firstStep) {
          break;
        }
        last = line;
        start = keep;
        keep = lines.getFilePointer();
      }
      lines.setLength(keep);
      return new Line(start, StepRecord.parse(last));
    }
  }

  /** The next line with its end, or as much as there is; empty at the end of the file. */
  private static byte[] readLine(RandomAccessFile file) throws IOException {
    long start = file.getFilePointer();
    byte[] chunk = new byte[1 << 12];
    long end = start;
    for (int count = file.read(chunk); count > 0; count = file.read(chunk)) {
      for (int i = 0; i < count; i++) {
        if (chunk[i] == '\n') {
          return read(file, start, end + i + 1);
        }
      }
      end += count;
    }
    return read(file, start, end);
  }

  private static byte[] read(RandomAccessFile file, long start, long end) throws IOException {
    byte[] line = new byte[Math.toIntExact(end - start)];
    file.seek(start);
    file.readFully(line);
    return line;
  }

  private static long stepOf(byte[] line, Path file, int number) {
    try {
      JsonNode step = JSON.readTree(line).path("step");
      if (step.isIntegralNumber()) {
        return step.longValue();
      }
      throw new IOException("no step");
    } catch (IOException e) {
      throw new MetricsException(
          "%s: line %d is no step record, expected a JSON object with a step"
              .formatted(file, number),
          e);
    }
  }
}
