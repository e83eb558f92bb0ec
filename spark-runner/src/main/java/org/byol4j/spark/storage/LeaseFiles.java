package org.byol4j.spark.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * The files of leases in a run's folder: {@code .lease-000003} says who makes attempt 3, {@code
 * .released-000003} that it has ended. The highest number counts.
 */
final class LeaseFiles {
  private static final Pattern LEASE = Pattern.compile("\\.(lease|released)-([0-9]{6,9})");

  private final FileSystem files;
  private final Path run;

  /** Whether the times of files can be set, as far as it is known. */
  private boolean keepsTimes = true;

  LeaseFiles(FileSystem files, Path run) {
    this.files = files;
    this.run = run;
  }

  /** The highest number of a lease; 0 if there never was one. */
  int newest() throws IOException {
    int newest = 0;
    try {
      RemoteIterator<FileStatus> entries = files.listStatusIterator(run);
      while (entries.hasNext()) {
        newest = Math.max(newest, numberOf(entries.next().getPath()));
      }
    } catch (FileNotFoundException e) {
      return 0;
    }
    return newest;
  }

  /** Creates the lease {@code number}, unless there is one; on an object store writes it. */
  boolean create(int number, LeaseHolder holder) throws IOException {
    try {
      write(number, holder, HadoopStorage.isObjectStore(files));
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  private void write(int number, LeaseHolder holder, boolean replace) throws IOException {
    try (OutputStream out = files.create(fileOf("lease", number), replace)) {
      out.write(holder.toString().getBytes(StandardCharsets.UTF_8));
    }
  }

  /** What the lease {@code number} says; empty if it is not there. */
  String read(int number) throws IOException {
    try (InputStream in = files.open(fileOf("lease", number))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (FileNotFoundException e) {
      return "";
    }
  }

  /** When the holder of {@code number} last gave a sign, in milliseconds since 1970. */
  OptionalLong lastSignMs(int number) throws IOException {
    try {
      return OptionalLong.of(files.getFileStatus(fileOf("lease", number)).getModificationTime());
    } catch (FileNotFoundException e) {
      return OptionalLong.empty();
    }
  }

  /**
   * Gives a sign: sets the file's time, or writes it anew where times cannot be set, which some
   * file systems say and others do not ({@code abfs:}).
   */
  void touch(int number, LeaseHolder holder, long nowMs) throws IOException {
    if (keepsTimes && !HadoopStorage.isObjectStore(files)) {
      OptionalLong before = lastSignMs(number);
      try {
        files.setTimes(fileOf("lease", number), nowMs, -1);
        keepsTimes = !lastSignMs(number).equals(before);
      } catch (UnsupportedOperationException e) {
        keepsTimes = false;
      }
      if (keepsTimes) {
        return;
      }
    }
    write(number, holder, true);
  }

  boolean isReleased(int number) throws IOException {
    return files.exists(fileOf("released", number));
  }

  void release(int number) throws IOException {
    files.create(fileOf("released", number), true).close();
  }

  /** Deletes the files of leases before {@code number}. */
  void deleteBefore(int number) throws IOException {
    RemoteIterator<FileStatus> entries = files.listStatusIterator(run);
    while (entries.hasNext()) {
      Path file = entries.next().getPath();
      int found = numberOf(file);
      if (found > 0 && found < number) {
        files.delete(file, false);
      }
    }
  }

  private static int numberOf(Path file) {
    Matcher matcher = LEASE.matcher(file.getName());
    return matcher.matches() ? Integer.parseInt(matcher.group(2)) : 0;
  }

  private Path fileOf(String kind, int number) {
    return new Path(run, ".%s-%06d".formatted(kind, number));
  }
}
