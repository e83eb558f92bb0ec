package org.byol4j.collective.tcp;

import java.io.IOException;
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

  /** Ends the waiting by an exception. */
  @FunctionalInterface
  interface Patience {
    void check();
  }

  private final Links links;
  private final JobSecret secret;
  private final Group group;
  private final List<InetSocketAddress> addresses;
  private final SortedMap<Integer, String> problems = new TreeMap<>();

  Connector(Links links, JobSecret secret, Group group, List<InetSocketAddress> addresses) {
    this.links = links;
    this.secret = secret;
    this.group = group;
    this.addresses = addresses;
  }

  /** What kept the last attempt from succeeding, by rank. */
  SortedMap<Integer, String> problems() {
    return problems;
  }

  /** Connects to {@code peer}, however often it takes. */
  Link connect(int peer, Lane lane, Patience patience) {
    while (true) {
      patience.check();
      try {
        Link link = attempt(peer, lane, patience);
        problems.remove(peer);
        return link;
      } catch (IOException e) {
        problems.put(peer, addresses.get(peer) + " " + e.getMessage());
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private Link attempt(int peer, Lane lane, Patience patience) throws IOException {
    SocketChannel channel = SocketChannel.open();
    boolean isProven = false;
    try (Selector selector = Selector.open()) {
      Link link = links.connecting(channel);
      boolean isConnected = channel.connect(addresses.get(peer));
      SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
      while (!isConnected) {
        patience.check();
        selector.select(TICK_MS);
        selector.selectedKeys().clear();
        isConnected = channel.finishConnect();
      }
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
