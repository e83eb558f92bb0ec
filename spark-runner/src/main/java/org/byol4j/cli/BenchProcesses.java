package org.byol4j.cli;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.byol4j.collective.tcp.JobSecret;

/**
 * Replicas of a benchmark in processes of their own on this machine, connected over loopback. They
 * end with this process, by whatever signal that ends.
 */
final class BenchProcesses {
  private final List<String> assignments;
  private final Queue<Process> processes = new ConcurrentLinkedQueue<>();

  /**
   * @param assignments what differs from the default configuration, {@code key=value}
   */
  BenchProcesses(List<String> assignments) {
    this.assignments = List.copyOf(assignments);
  }

  /**
   * Starts the processes, brings them together, and returns what came of the work on rank 0.
   *
   * @throws UncheckedIOException if one ends early; it has said why on standard error
   */
  <T extends Serializable> T run(int replicas, Class<T> result, BenchWork<T> work) {
    // Spark's hooks do not know of them
    Thread hook = new Thread(this::destroy, "end-benchmark");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      return result.cast(answerOfFirst(replicas, work));
    } catch (IOException e) {
      throw new UncheckedIOException("a process of the benchmark ended early, see above", e);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("the processes have the same class path", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring", e);
    } finally {
      destroy();
      forget(hook);
    }
  }

  private Object answerOfFirst(int replicas, BenchWork<?> work)
      throws IOException, ClassNotFoundException, InterruptedException {
    List<ObjectOutputStream> orders = new ArrayList<>();
    for (int rank = 0; rank < replicas; rank++) {
      Process process = start();
      processes.add(process);
      orders.add(new ObjectOutputStream(process.getOutputStream()));
      orders.get(rank).flush();
    }
    List<ObjectInputStream> answers = new ArrayList<>();
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (Process process : processes) {
      answers.add(new ObjectInputStream(process.getInputStream()));
      addresses.add((InetSocketAddress) answers.get(answers.size() - 1).readObject());
    }
    JobSecret secret = JobSecret.random();
    for (int rank = 0; rank < replicas; rank++) {
      orders
          .get(rank)
          .writeObject(new BenchReplica.Order(secret, rank, List.copyOf(addresses), work));
      orders.get(rank).flush();
    }
    Object answer = answers.get(0).readObject();
    for (Process process : processes) {
      process.waitFor();
    }
    return answer;
  }

  private Process start() throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-XX:+UseSerialGC",
            // the memory of a network is native: JavaCPP's own limits on that are lifted
            "-Dorg.bytedeco.javacpp.maxBytes=0",
            "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(BenchReplica.class.getName());
    command.addAll(assignments);
    return new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
  }

  private void destroy() {
    processes.forEach(Process::destroyForcibly);
  }

  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // this process ends, and the hook runs
    }
  }
}
