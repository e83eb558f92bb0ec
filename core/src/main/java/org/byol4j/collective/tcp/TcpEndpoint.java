package org.byol4j.collective.tcp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Supplier;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;

/**
 * Where a replica is reached: a listening socket, which exists before the replicas know of each
 * other. They exchange their addresses by other means, and then all {@linkplain #join join}.
 *
 * <p>Connections that come before {@code join} wait in the system's queue; what they are shows only
 * then.
 */
public final class TcpEndpoint implements AutoCloseable {
  private static final long TICK_MS = 50;

  private final ServerSocketChannel listener;
  private final InetSocketAddress address;
  private final TcpSettings settings;
  private final Links links;
  private final List<Collective> joined = new ArrayList<>();

  private TcpEndpoint(
      ServerSocketChannel listener, InetSocketAddress address, TcpSettings settings, Links links) {
    this.listener = listener;
    this.address = address;
    this.settings = settings;
    this.links = links;
  }

  /**
   * Listens on one address, the one that the other replicas will use.
   *
   * @throws UncheckedIOException if the address is not this host's, no port of the range is free,
   *     or a store of keys cannot be read
   */
  public static TcpEndpoint bind(InetAddress host, TcpSettings settings) {
    Links links = Links.of(settings.tls());
    try {
      ServerSocketChannel listener = Sockets.listen(host, settings);
      return new TcpEndpoint(
          listener, (InetSocketAddress) listener.getLocalAddress(), settings, links);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot listen: host=%s: %s".formatted(host.getHostAddress(), e.getMessage()), e);
    }
  }

  /** What the others connect to. */
  public InetSocketAddress address() {
    return address;
  }

  /**
   * Connects all replicas with each other and returns when every one has all its connections. Each
   * end of each connection has proved by then that it knows the secret. The collective is the
   * caller's to close; a group of one has no connections.
   *
   * @param secret the same on all replicas of a job
   * @param session tells attempts of the job apart: a connection of another session is dropped
   * @param rank this replica's place in {@code addresses}
   * @param addresses where each replica listens, in rank order
   * @param interruption why the waiting for others should end, if it should; asked by the waiting
   *     thread, also during the collective's operations
   * @throws CollectiveException if a replica does not come in time, or is lost
   */
  public Collective join(
      JobSecret secret,
      long session,
      int rank,
      List<InetSocketAddress> addresses,
      Supplier<Optional<String>> interruption) {
    int size = addresses.size();
    if (rank < 0 || rank >= size) {
      throw new IllegalArgumentException("rank=%d, expected within [0, %d)".formatted(rank, size));
    }
    if (size == 1) {
      return Collective.single();
    }
    Group group = new Group(rank, size, session);
    Mesh mesh = new Mesh(group);
    Watch watch = new Watch(listener, links, secret, group, mesh, settings.peerTimeout());
    boolean isJoined = false;
    try {
      long start = System.nanoTime();
      Connector connector = new Connector(links, secret, group, addresses);
      Connector.Patience patience =
          () -> checkJoining(group, mesh, connector.problems(), start, interruption);
      for (int peer = 0; peer < rank; peer++) {
        for (Lane lane : Lane.ALL) {
          Link link = connector.connect(peer, lane, patience);
          mesh.put(lane, peer, link);
          if (lane == Lane.CONTROL) {
            watch.arrive(peer, link);
          }
        }
      }
      while (!mesh.isComplete()) {
        patience.check();
        mesh.await(TICK_MS);
      }
      TcpCollective collective = collective(group, watch, mesh, interruption);
      joined.add(collective);
      isJoined = true;
      return collective;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure(group, "join interrupted: rank=%d size=%d".formatted(rank, size));
    } finally {
      if (!isJoined) {
        watch.close();
        mesh.close();
      }
    }
  }

  /** Makes the handles on both lanes, once every replica has all its connections. */
  private TcpCollective collective(
      Group group, Watch watch, Mesh mesh, Supplier<Optional<String>> interruption) {
    long spinNanos = settings.spin().toNanos();
    Wire wire = new Wire(group, mesh.links(Lane.DATA), spinNanos, interruption);
    Wire behind = new Wire(group, mesh.links(Lane.BACKGROUND), spinNanos, interruption);
    TcpCollective background = new TcpCollective(behind, settings, Optional.empty(), () -> {});
    Runnable closing =
        () -> {
          watch.close();
          group.fail("rank=%d has closed its collective".formatted(group.rank()));
          wire.close();
          behind.close();
        };
    TcpCollective collective = new TcpCollective(wire, settings, Optional.of(background), closing);
    try {
      collective.join(settings.joinTimeout());
      background.join(settings.joinTimeout());
      return collective;
    } catch (CollectiveException e) {
      closing.run();
      throw e;
    }
  }

  private void checkJoining(
      Group group,
      Mesh mesh,
      SortedMap<Integer, String> problems,
      long start,
      Supplier<Optional<String>> interruption) {
    Optional<String> reason = interruption.get();
    if (reason.isPresent()) {
      group.fail("join of rank=%d interrupted: %s".formatted(group.rank(), reason.get()));
    }
    if (System.nanoTime() - start > settings.joinTimeout().toNanos()) {
      group.fail(
          "rank=%d join timed out: session=%d missing=%s problems=%s timeoutMs=%d"
              .formatted(
                  group.rank(),
                  group.session(),
                  mesh.missing(),
                  problems,
                  settings.joinTimeout().toMillis()));
    }
    if (group.hasFailed()) {
      throw group.exception(Call.JOIN.toString(), 0);
    }
  }

  private static CollectiveException failure(Group group, String reason) {
    group.fail(reason);
    return group.exception(Call.JOIN.toString(), 0);
  }

  /** Closes the socket and every collective that was joined through it. */
  @Override
  public void close() {
    joined.forEach(Collective::close);
    Sockets.close(listener);
  }
}
