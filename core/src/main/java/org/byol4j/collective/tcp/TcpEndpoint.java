package org.byol4j.collective.tcp;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;

/**
 * Where a replica is reached: a listening socket, which exists before the replicas know of each
 * other. They exchange their addresses by other means, and then all {@linkplain #join join}.
 *
 * <p>Connections that come before {@code join} wait in the system's queue; what they are shows only
 * then. When all replicas are connected the socket is closed: an endpoint is joined through once.
 */
public final class TcpEndpoint implements AutoCloseable {
  private static final long TICK_MS = 50;

  private final ServerSocketChannel listener;
  private final InetSocketAddress address;
  private final TcpSettings settings;
  private final Links links;
  private Optional<Collective> joined = Optional.empty();
  private boolean hasJoined;

  private TcpEndpoint(
      ServerSocketChannel listener, InetSocketAddress address, TcpSettings settings, Links links) {
    this.listener = listener;
    this.address = address;
    this.settings = settings;
    this.links = links;
  }

  /** Listens as {@link #bind(InetAddress, TcpSettings, Supplier)} does, and lets nothing end it. */
  public static TcpEndpoint bind(InetAddress host, TcpSettings settings) {
    return bind(host, settings, Optional::empty);
  }

  /**
   * Listens on one address, the one that the other replicas will use. While all ports of the range
   * are taken it waits, up to the time for joining: a replica that was lost may still have one.
   *
   * @param interruption why the waiting should end, if it should
   * @throws CollectiveException if the address is not this host's, or no port has come free
   * @throws TlsKeysException if the keys for TLS are not what the settings say
   */
  public static TcpEndpoint bind(
      InetAddress host, TcpSettings settings, Supplier<Optional<String>> interruption) {
    Links links = Links.of(settings.tls());
    long start = System.nanoTime();
    while (true) {
      try {
        ServerSocketChannel listener = Sockets.listen(host, settings);
        return new TcpEndpoint(
            listener, (InetSocketAddress) listener.getLocalAddress(), settings, links);
      } catch (IOException e) {
        long waited = System.nanoTime() - start;
        boolean isInVain = !Sockets.isHere(host) || waited > settings.joinTimeout().toNanos();
        Optional<String> reason =
            isInVain ? Optional.of("given up") : interruption.get().map(why -> "given up: " + why);
        if (reason.isPresent() || Thread.currentThread().isInterrupted()) {
          throw new CollectiveException(
              "cannot listen: host=%s: %s; %s after %d ms"
                  .formatted(
                      host.getHostAddress(),
                      e.getMessage(),
                      reason.orElse("interrupted"),
                      TimeUnit.NANOSECONDS.toMillis(waited)),
              e);
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(TICK_MS));
      }
    }
  }

  /** What the others connect to. */
  public InetSocketAddress address() {
    return address;
  }

  /**
   * Connects all replicas with each other and returns when every one has all its connections. Each
   * end of each connection has proved by then that it knows the secret, and this replica listens no
   * longer, whether it has joined or not. The collective is the caller's to close; a group of one
   * has no connections.
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
    if (hasJoined) {
      throw new IllegalStateException("address=%s was joined through already".formatted(address));
    }
    hasJoined = true;
    if (size == 1) {
      Sockets.close(listener);
      return Collective.single();
    }
    Group group = new Group(rank, size, session);
    Mesh mesh = new Mesh(group);
    Watch watch = new Watch(group, mesh, settings.peerTimeout());
    boolean isJoined = false;
    try {
      connect(group, mesh, watch, secret, addresses, interruption);
      TcpCollective collective = collective(group, watch, mesh, interruption);
      joined = Optional.of(collective);
      isJoined = true;
      return collective;
    } finally {
      if (!isJoined) {
        watch.close();
        mesh.close();
      }
    }
  }

  /** Connects to all replicas of lower rank, and waits until those of higher rank have come. */
  private void connect(
      Group group,
      Mesh mesh,
      Watch watch,
      JobSecret secret,
      List<InetSocketAddress> addresses,
      Supplier<Optional<String>> interruption) {
    long start = System.nanoTime();
    Connector connector = new Connector(links, secret, group, addresses);
    Doorman.Host host = (hello, link) -> take(mesh, watch, hello.lane(), hello.from(), link);
    Doorman doorman = new Doorman(listener, links, secret, group, host);
    Connector.Patience patience =
        () -> checkJoining(group, mesh, connector, doorman, start, interruption);
    try {
      for (int peer = 0; peer < group.rank(); peer++) {
        for (Lane lane : Lane.ALL) {
          take(mesh, watch, lane, peer, connector.connect(peer, lane, patience));
        }
      }
      while (!mesh.isComplete()) {
        patience.check();
        mesh.await(TICK_MS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      group.fail("join interrupted: rank=%d size=%d".formatted(group.rank(), group.size()));
      throw group.exception(Call.JOIN.toString(), 0);
    } finally {
      doorman.close();
    }
  }

  private static boolean take(Mesh mesh, Watch watch, Lane lane, int peer, Link link) {
    boolean isTaken = mesh.put(lane, peer, link);
    if (isTaken && lane == Lane.CONTROL) {
      watch.arrive(peer, link);
    }
    return isTaken;
  }

  /** Makes the handles on both lanes, once every replica has all its connections. */
  private TcpCollective collective(
      Group group, Watch watch, Mesh mesh, Supplier<Optional<String>> interruption) {
    long spinNanos = settings.spin().toNanos();
    Wire wire = new Wire(group, mesh.links(Lane.DATA), spinNanos, interruption);
    Wire behind = new Wire(group, mesh.links(Lane.BACKGROUND), spinNanos, interruption);
    TcpCollective background =
        new TcpCollective(behind, settings, Optional.empty(), links::sentBytes, () -> {});
    Runnable closing =
        () -> {
          watch.close();
          group.fail("rank=%d has closed its collective".formatted(group.rank()));
          wire.close();
          behind.close();
        };
    TcpCollective collective =
        new TcpCollective(wire, settings, Optional.of(background), links::sentBytes, closing);
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
      Connector connector,
      Doorman doorman,
      long start,
      Supplier<Optional<String>> interruption) {
    Optional<String> reason = interruption.get();
    if (reason.isPresent()) {
      group.fail("join of rank=%d interrupted: %s".formatted(group.rank(), reason.get()));
    }
    long now = System.nanoTime();
    if (now - start > settings.joinTimeout().toNanos()) {
      group.fail(
          "rank=%d join timed out: session=%d missing=%s problems=%s%s elapsedMs=%d timeoutMs=%d"
              .formatted(
                  group.rank(),
                  group.session(),
                  mesh.missing(),
                  connector.problems(now),
                  doorman.lastStray(),
                  TimeUnit.NANOSECONDS.toMillis(now - start),
                  settings.joinTimeout().toMillis()));
    }
    if (group.hasFailed()) {
      throw group.exception(Call.JOIN.toString(), 0);
    }
  }

  /** Closes the socket and the collective that was joined through it. */
  @Override
  public void close() {
    joined.ifPresent(Collective::close);
    Sockets.close(listener);
  }
}
