package org.byol4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.byol4j.collective.Collective;
import org.byol4j.collective.tcp.JobSecret;
import org.byol4j.collective.tcp.TcpEndpoint;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;

/**
 * A process of a benchmark: says on standard output where it listens, reads on standard input whom
 * to join and what to do, and says what came of it. It ends when its standard input does.
 */
final class BenchReplica {
  /** The exit code after SIGTERM: nobody waits for the answer any more. */
  private static final int ABANDONED = ExitCode.STOPPED.number();

  /** What a process is told. */
  record Order(JobSecret secret, int rank, List<InetSocketAddress> addresses, BenchWork<?> work)
      implements Serializable {}

  private BenchReplica() {}

  /**
   * Runs the process.
   *
   * @param assignments of the configuration, {@code key=value}
   */
  public static void main(String[] assignments) throws IOException, ClassNotFoundException {
    OutputStream answers = System.out;
    // what libraries print is no answer
    System.setOut(System.err);
    Configuration configuration = configuration(List.of(assignments));
    ObjectOutputStream out = new ObjectOutputStream(answers);
    try (TcpEndpoint endpoint =
        TcpEndpoint.bind(InetAddress.getLoopbackAddress(), configuration.collective())) {
      out.writeObject(endpoint.address());
      out.flush();
      Order order = (Order) new ObjectInputStream(System.in).readObject();
      endWith(System.in);
      try (Collective collective =
          endpoint.join(order.secret(), 0, order.rank(), order.addresses(), Optional::empty)) {
        out.writeObject(order.work().run(collective, configuration));
        out.flush();
      }
    }
  }

  /** The defaults with some assignments, by which a command tells its processes what is set. */
  static Configuration configuration(List<String> assignments) {
    return Configuration.ofDefaults(
        assignments.stream().map(text -> new Assignment("--set", text)).toList());
  }

  /** Ends this process when the one that started it is gone, however that came. */
  private static void endWith(InputStream orders) {
    Thread thread =
        new Thread(
            () -> {
              try {
                while (orders.read() >= 0) {
                  // there are no more orders
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              } finally {
                Runtime.getRuntime().halt(ABANDONED);
              }
            },
            "ends-with-its-parent");
    thread.setDaemon(true);
    thread.start();
  }
}
