package org.byol4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.spark.TaskContext;

/**
 * The local disk as {@code held:}, whose shards come when a test lets them: one with a file {@code
 * NAME.held} beside it is not opened until that is gone or the task is cancelled, one with {@code
 * NAME.slow} takes as many milliseconds as that says, one with {@code NAME.refused} is refused
 * once. Which task opens which is written down.
 */
public final class HeldFileSystem extends RawLocalFileSystem {
  private static final URI ROOT = URI.create("held:///");
  private static final String LOG = "opened.log";

  /** A shard was opened by a task. */
  record Opened(String shard, long task, long process) {}

  /** The key that lets a run know of it. */
  static String key() {
    return "cluster.spark.hadoop.fs.held.impl=\"" + HeldFileSystem.class.getName() + "\"";
  }

  /** {@code folder} on this file system. */
  static java.nio.file.Path place(java.nio.file.Path folder) {
    return java.nio.file.Path.of("held:" + folder.toAbsolutePath());
  }

  static void hold(java.nio.file.Path folder, int shard) throws IOException {
    Files.createFile(folder.resolve(name(shard) + ".held"));
  }

  static void slow(java.nio.file.Path folder, int shard, int millis) throws IOException {
    Files.writeString(folder.resolve(name(shard) + ".slow"), Integer.toString(millis));
  }

  /** Lets the next one who opens a shard fail. */
  static void refuseOnce(java.nio.file.Path folder, int shard) throws IOException {
    Files.createFile(folder.resolve(name(shard) + ".refused"));
  }

  static void release(java.nio.file.Path folder, int shard) {
    try {
      Files.deleteIfExists(folder.resolve(name(shard) + ".held"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Which task has opened a shard, each time. */
  static List<Opened> opened(java.nio.file.Path folder, int shard) {
    try {
      java.nio.file.Path log = folder.resolve(LOG);
      return !Files.exists(log)
          ? List.of()
          : Files.readAllLines(log).stream()
              .map(line -> line.split(" "))
              .filter(words -> words.length == 3 && words[0].equals(name(shard)))
              .map(
                  words -> new Opened(words[0], Long.parseLong(words[1]), Long.parseLong(words[2])))
              .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String name(int shard) {
    return "shard-%05d.parquet".formatted(shard);
  }

  @Override
  public URI getUri() {
    return ROOT;
  }

  @Override
  public String getScheme() {
    return ROOT.getScheme();
  }

  @Override
  public FSDataInputStream open(Path path, int bufferBytes) throws IOException {
    java.nio.file.Path file = pathToFile(path).toPath();
    if (file.toString().endsWith(".parquet") && TaskContext.get() != null) {
      Files.writeString(
          file.resolveSibling(LOG),
          "%s %d %d%n"
              .formatted(
                  file.getFileName(),
                  TaskContext.get().taskAttemptId(),
                  ProcessHandle.current().pid()),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
      if (Files.deleteIfExists(file.resolveSibling(file.getFileName() + ".refused"))) {
        throw new IOException("connection reset by a test");
      }
      await(file);
    }
    return super.open(path, bufferBytes);
  }

  private static void await(java.nio.file.Path file) throws IOException {
    java.nio.file.Path slow = file.resolveSibling(file.getFileName() + ".slow");
    long millis = Files.exists(slow) ? Long.parseLong(Files.readString(slow)) : 0;
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    java.nio.file.Path held = file.resolveSibling(file.getFileName() + ".held");
    while ((Files.exists(held) || System.nanoTime() < end) && !TaskContext.get().isInterrupted()) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }
}
