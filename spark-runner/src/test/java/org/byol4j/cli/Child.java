package org.byol4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A program in a process of its own, whose output is gathered line by line. */
final class Child implements AutoCloseable {
  private final Process process;
  private final Thread reader;
  private final List<String> lines = new ArrayList<>();
  private boolean ended;

  private Child(Process process) {
    this.process = process;
    this.reader = new Thread(this::read, "output-of-child");
    reader.start();
  }

  /** Starts a program. */
  static Child of(Map<String, String> environment, List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    try {
      return new Child(builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts one of our commands, with the options and the class path of this JVM. */
  static Child byol4j(String... words) {
    return byol4j(List.of(), List.of(), words);
  }

  /**
   * Starts one of our commands.
   *
   * @param before what stands before the JVM's command
   * @param options more options of the JVM
   */
  static Child byol4j(List<String> before, List<String> options, String... words) {
    List<String> command = new ArrayList<>(before);
    command.add(java());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "org.byol4j.cli.Main"));
    command.addAll(List.of(words));
    return of(Map.of(), command);
  }

  /** The command of this JVM. */
  static String java() {
    return ProcessHandle.current().info().command().orElseThrow();
  }

  /** What this JVM was told to open for Spark. */
  static Stream<String> openings() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-opens") || option.startsWith("-XX"));
  }

  private void read() {
    try (BufferedReader out = process.inputReader(UTF_8)) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        gather(line);
      }
    } catch (IOException e) {
      gather(e.toString());
    }
    synchronized (this) {
      ended = true;
      notifyAll();
    }
  }

  private synchronized void gather(String line) {
    lines.add(line);
    notifyAll();
  }

  /** What it wrote so far. */
  synchronized String output() {
    return String.join("\n", lines);
  }

  /** Waits for a line; fails if the program ends without it. */
  synchronized String awaitLine(Predicate<String> wanted) throws InterruptedException {
    while (true) {
      for (String line : lines) {
        if (wanted.test(line)) {
          return line;
        }
      }
      assertThat(ended).as("ended without the line; its output:%n%s", output()).isFalse();
      wait();
    }
  }

  /** Waits until {@code condition} holds; fails if the program ends before. */
  void awaitThat(Condition condition) throws Exception {
    while (!condition.holds()) {
      assertThat(process.isAlive()).as("ended too early; its output:%n%s", output()).isTrue();
      Thread.onSpinWait();
    }
  }

  /** Something to wait for. */
  @FunctionalInterface
  interface Condition {
    boolean holds() throws Exception;
  }

  /** Waits for its end. */
  int exitCode() throws InterruptedException {
    int code = process.waitFor();
    reader.join();
    return code;
  }

  long pid() {
    return process.pid();
  }

  /** Sends it a signal, by name. */
  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
  }

  /** Ends it, if it has not ended. */
  @Override
  public void close() {
    process.destroyForcibly();
  }
}
