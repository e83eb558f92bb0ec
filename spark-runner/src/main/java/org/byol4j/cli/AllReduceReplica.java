package org.byol4j.cli;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.byol4j.collective.AllReduceBenchmark;
import org.byol4j.collective.Collective;
import org.byol4j.collective.tcp.JobSecret;
import org.byol4j.collective.tcp.TcpEndpoint;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;

/**
 * A process of {@code bench allreduce}: says on standard output where it listens, reads on standard
 * input whom to join, and says how long the sums took.
 */
final class AllReduceReplica {

  /** What a process is told. */
  record Order(
      JobSecret secret, int rank, List<InetSocketAddress> addresses, long bytes, int iterations)
      implements Serializable {}

  private AllReduceReplica() {}

  /**
   * Runs the process.
   *
   * @param assignments of the configuration, {@code key=value}
   */
  public static void main(String[] assignments) throws IOException, ClassNotFoundException {
    Configuration configuration =
        Configuration.ofDefaults(
            List.of(assignments).stream().map(text -> new Assignment("--set", text)).toList());
    ObjectOutputStream out = new ObjectOutputStream(System.out);
    try (TcpEndpoint endpoint =
        TcpEndpoint.bind(InetAddress.getLoopbackAddress(), configuration.collective())) {
      out.writeObject(endpoint.address());
      out.flush();
      Order order = (Order) new ObjectInputStream(System.in).readObject();
      try (Collective collective =
          endpoint.join(order.secret(), 0, order.rank(), order.addresses(), Optional::empty)) {
        out.writeObject(AllReduceBenchmark.run(collective, order.bytes(), order.iterations()));
        out.flush();
      }
    }
  }
}
