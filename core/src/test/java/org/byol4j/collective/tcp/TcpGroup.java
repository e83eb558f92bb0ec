package org.byol4j.collective.tcp;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.byol4j.collective.Collective;

/** Replicas of this process that are connected over the loopback interface. */
public final class TcpGroup implements AutoCloseable {
  public static final TcpSettings SETTINGS =
      settings(Duration.ofSeconds(10), Duration.ofSeconds(30));

  private final List<TcpEndpoint> endpoints;
  private final List<Collective> collectives;

  private TcpGroup(List<TcpEndpoint> endpoints, List<Collective> collectives) {
    this.endpoints = endpoints;
    this.collectives = collectives;
  }

  /** Any port, short spinning, chunks so short that the vectors of tests take many. */
  static TcpSettings settings(Duration peerTimeout, Duration progressTimeout) {
    return new TcpSettings(
        0,
        0,
        Duration.ofSeconds(30),
        peerTimeout,
        progressTimeout,
        Duration.ofNanos(20_000),
        400,
        Optional.empty());
  }

  /** Joins {@code size} replicas. */
  public static TcpGroup join(int size, TcpSettings settings) {
    return join(size, settings, (rank, addresses) -> addresses, Optional::empty);
  }

  /** Joins replicas with a secret that the test knows. */
  static TcpGroup join(int size, TcpSettings settings, JobSecret secret, long session) {
    return join(size, settings, secret, session, (rank, addresses) -> addresses, Optional::empty);
  }

  /**
   * Joins replicas that may reach each other through something.
   *
   * @param route the addresses by which a rank reaches the others
   * @param interruption what every replica's waiting thread asks
   */
  static TcpGroup join(
      int size,
      TcpSettings settings,
      BiFunction<Integer, List<InetSocketAddress>, List<InetSocketAddress>> route,
      Supplier<Optional<String>> interruption) {
    return join(size, settings, JobSecret.random(), 7, route, interruption);
  }

  private static TcpGroup join(
      int size,
      TcpSettings settings,
      JobSecret secret,
      long session,
      BiFunction<Integer, List<InetSocketAddress>, List<InetSocketAddress>> route,
      Supplier<Optional<String>> interruption) {
    List<TcpEndpoint> endpoints = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      endpoints.add(TcpEndpoint.bind(InetAddress.getLoopbackAddress(), settings));
    }
    List<InetSocketAddress> addresses = endpoints.stream().map(TcpEndpoint::address).toList();
    ExecutorService threads = Executors.newFixedThreadPool(size);
    try {
      List<Future<Collective>> futures = new ArrayList<>();
      for (int rank = 0; rank < size; rank++) {
        int place = rank;
        List<InetSocketAddress> seen = route.apply(rank, addresses);
        futures.add(
            threads.submit(
                () -> endpoints.get(place).join(secret, session, place, seen, interruption)));
      }
      List<Collective> collectives = new ArrayList<>();
      for (Future<Collective> future : futures) {
        collectives.add(future.get());
      }
      return new TcpGroup(endpoints, collectives);
    } catch (ExecutionException e) {
      throw new AssertionError("a replica did not join", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    } finally {
      threads.shutdownNow();
    }
  }

  /** The handles in rank order. */
  public List<Collective> collectives() {
    return collectives;
  }

  List<TcpEndpoint> endpoints() {
    return endpoints;
  }

  @Override
  public void close() {
    endpoints.forEach(TcpEndpoint::close);
  }
}
