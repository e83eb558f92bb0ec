package org.byol4j.collective.tcp;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Connects a replica to those of lower rank; those of higher rank connect to it. */
final class Connector {
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long TICK_MS = 50;

  /**
   * After this an attempt to connect is given up for another: the system's own ones are further and
   * further apart.
   */
  private static final long ATTEMPT_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** Ends the waiting by an exception. */
  @FunctionalInterface
  interface Patience {
    void check();
  }

  private final Links links;
  private final JobSecret secret;
  private final Group group;
  private final List<InetSocketAddress> addresses;
  private final SortedMap<Integer, Attempts> attempts = new TreeMap<>();

  /** How it goes with one replica. */
  private static final class Attempts {
    private int count;
    private long sinceNanos;
    private String doing = "";
    private String lastProblem = "";

    /** Why the other end or this one did not want to go on, if that was said once. */
    private String lastReason = "";

    void begin() {
      count++;
      does("connecting, no answer");
    }

    void does(String what) {
      doing = what;
      sinceNanos = System.nanoTime();
    }

    void failed(IOException problem) {
      doing = "";
      lastProblem = problem.getMessage() == null ? problem.toString() : problem.getMessage();
      if (problem instanceof StrayException) {
        lastReason = lastProblem;
      }
    }

    String describe(long now) {
      String current =
          doing.isEmpty()
              ? ""
              : " %s for %d ms".formatted(doing, TimeUnit.NANOSECONDS.toMillis(now - sinceNanos));
      String before = lastProblem.isEmpty() ? "" : " last failure: " + lastProblem;
      // a connection that is closed at once may take the reason with it
      String once =
          lastReason.equals(lastProblem) || lastReason.isEmpty() ? "" : " before: " + lastReason;
      return "attempts=%d%s%s%s".formatted(count, current, before, once);
    }
  }

  Connector(Links links, JobSecret secret, Group group, List<InetSocketAddress> addresses) {
    this.links = links;
    this.secret = secret;
    this.group = group;
    this.addresses = addresses;
  }

  /** How it goes with those that are not connected yet, by rank. */
  SortedMap<Integer, String> problems(long nowNanos) {
    SortedMap<Integer, String> problems = new TreeMap<>();
    attempts.forEach(
        (peer, tried) -> problems.put(peer, addresses.get(peer) + " " + tried.describe(nowNanos)));
    return problems;
  }

  /** Connects to {@code peer}, however often it takes. */
  Link connect(int peer, Lane lane, Patience patience) {
    Attempts tried = attempts.computeIfAbsent(peer, rank -> new Attempts());
    while (true) {
      patience.check();
      tried.begin();
      try {
        Link link = attempt(peer, lane, patience, tried);
        attempts.remove(peer);
        return link;
      } catch (IOException e) {
        tried.failed(e);
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private Link attempt(int peer, Lane lane, Patience patience, Attempts tried) throws IOException {
    SocketChannel channel = SocketChannel.open();
    boolean isProven = false;
    try (Selector selector = Selector.open()) {
      Link link = links.connecting(channel);
      boolean isConnected = channel.connect(addresses.get(peer));
      long start = System.nanoTime();
      SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
      while (!isConnected) {
        patience.check();
        if (System.nanoTime() - start > ATTEMPT_NANOS) {
          throw new ConnectException(
              "no answer within %d ms: not running, or packets are dropped on the way"
                  .formatted(TimeUnit.NANOSECONDS.toMillis(ATTEMPT_NANOS)));
        }
        selector.select(TICK_MS);
        selector.selectedKeys().clear();
        isConnected = channel.finishConnect();
      }
      tried.does("connected, waiting for its greeting");
      Handshake handshake = Handshake.connecting(link, secret, group, lane, peer);
      key.interestOps(SelectionKey.OP_READ);
      while (!handshake.advance()) {
        patience.check();
        selector.select(TICK_MS);
        selector.selectedKeys().clear();
      }
      isProven = true;
      return link;
    } finally {
      if (!isProven) {
        Sockets.close(channel);
      }
    }
  }
}
