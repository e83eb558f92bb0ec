package org.byol4j;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How many threads some work takes, natives' own ones included, by the processor time that the
 * system says each thread of this process has had.
 */
public final class ThreadsAtWork {
  private static final Path TASKS = Path.of("/proc/self/task");
  private static final Path OWN = Path.of("/proc/thread-self");

  /** Compilers and collectors come and go as they like. */
  private static final List<String> OF_THE_JVM = List.of("C1 ", "C2 ", "GC ", "G1 ", "VM ");

  /** In /proc/.../stat, counted from behind the name: user and system time. */
  private static final int USER_TIME = 11;

  /** Of the system's clock, as a rule of 10 ms. */
  private static final long TICKS = 30;

  /** Other threads of the process may have something to do now and then. */
  private static final int LOOKS = 3;

  private ThreadsAtWork() {}

  /**
   * Repeats some work for a third of a second of this thread's time, after a first time that does
   * not count, and returns how many threads have had at least a tenth of that: the fewest of a few
   * looks, so that a thread with other work does not count.
   */
  public static int during(Runnable work) {
    work.run();
    return IntStream.range(0, LOOKS).map(look -> atWork(work)).min().orElseThrow();
  }

  private static int atWork(Runnable work) {
    Map<String, Long> before = ticks();
    long start = ticks(OWN);
    while (ticks(OWN) - start < TICKS) {
      work.run();
    }
    return (int)
        ticks().entrySet().stream()
            .filter(now -> now.getValue() - before.getOrDefault(now.getKey(), 0L) >= TICKS / 10)
            .count();
  }

  /** Of all threads that are not the JVM's, by their ids. */
  private static Map<String, Long> ticks() {
    try (Stream<Path> tasks = Files.list(TASKS)) {
      Map<String, Long> found = new HashMap<>();
      for (Path task : tasks.toList()) {
        if (OF_THE_JVM.stream().noneMatch(text(task.resolve("comm"))::startsWith)) {
          found.put(task.getFileName().toString(), ticks(task));
        }
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long ticks(Path task) {
    String stat = text(task.resolve("stat"));
    if (stat.isEmpty()) {
      return 0;
    }
    List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
    return Long.parseLong(fields.get(USER_TIME)) + Long.parseLong(fields.get(USER_TIME + 1));
  }

  /** Nothing, of a thread that has ended. */
  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      // no such file, or no such process where it has ended while it was read
      return "";
    }
  }
}
