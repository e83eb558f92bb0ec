package org.byol4j.collective.tcp;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * Lets in connections that prove that they belong here, and drops the others. Those that have not
 * proved it yet are few, have little time, and can send little. Confined to the watch's thread.
 */
final class Doorman {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** How many strays may stand at the door besides all replicas; then the oldest goes. */
  private static final int STRAYS = 64;

  /** How many are accepted before the heartbeats have their turn again. */
  private static final int AT_ONCE = 64;

  /** Takes those that were let in; false if they are not wanted any more. */
  @FunctionalInterface
  interface Host {
    boolean welcome(Hello hello, Link link, SelectionKey key);
  }

  private final ServerSocketChannel listener;
  private final Selector selector;
  private final Links links;
  private final JobSecret secret;
  private final Group group;
  private final Host host;
  private final SelectionKey door;
  private final ArrayDeque<Guest> guests = new ArrayDeque<>();
  private final StrayLog strays = new StrayLog();
  private final int mostGuests;

  private record Guest(
      SocketAddress address, Handshake handshake, SelectionKey key, long deadline) {}

  Doorman(
      ServerSocketChannel listener,
      Selector selector,
      Links links,
      JobSecret secret,
      Group group,
      Host host)
      throws IOException {
    this.listener = listener;
    this.selector = selector;
    this.links = links;
    this.secret = secret;
    this.group = group;
    this.host = host;
    this.mostGuests = STRAYS + Lane.ALL.size() * group.size();
    this.door = listener.register(selector, SelectionKey.OP_ACCEPT, (Runnable) this::accept);
  }

  /** How many connections were dropped. */
  long dropped() {
    return strays.dropped();
  }

  private void accept() {
    try {
      for (int i = 0; i < AT_ONCE; i++) {
        SocketChannel channel = listener.accept();
        if (channel == null) {
          return;
        }
        receive(channel);
      }
    } catch (IOException e) {
      // out of file descriptors, say: the door opens again with the next tick
      door.interestOps(0);
      strays.dropped("unknown", "cannot accept: " + e.getMessage(), System.nanoTime());
    }
  }

  private void receive(SocketChannel channel) {
    long now = System.nanoTime();
    if (guests.size() == mostGuests) {
      drop(guests.getFirst(), "made room for another after too long");
    }
    SocketAddress address = channel.socket().getRemoteSocketAddress();
    try {
      Link link = links.listening(channel);
      Handshake handshake = Handshake.listening(link, secret, group);
      SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
      Guest guest = new Guest(address, handshake, key, now + PATIENCE_NANOS);
      key.attach((Runnable) () -> hear(guest));
      guests.addLast(guest);
    } catch (IOException | RuntimeException e) {
      Sockets.close(channel);
      strays.dropped(String.valueOf(address), e.toString(), now);
    }
  }

  private void hear(Guest guest) {
    try {
      if (guest.handshake.advance()) {
        guests.remove(guest);
        if (!host.welcome(guest.handshake.hello(), guest.handshake.link(), guest.key)) {
          drop(guest, "all replicas are here already");
        }
      }
    } catch (IOException | RuntimeException e) {
      // whatever a stranger sends, it is his connection alone that ends
      drop(guest, e.getMessage());
    }
  }

  /** Drops those whose time is over, and opens the door if it was shut for a while. */
  void tick(long now) {
    // they are in the order of their deadlines
    while (!guests.isEmpty() && now - guests.getFirst().deadline > 0) {
      drop(guests.getFirst(), "proved nothing in time");
    }
    if (door.isValid()) {
      door.interestOps(SelectionKey.OP_ACCEPT);
    }
  }

  /** Sends everybody at the door away, and looks after it no longer. */
  void close() {
    door.cancel();
    guests.forEach(guest -> guest.handshake.link().close());
    guests.clear();
  }

  private void drop(Guest guest, String why) {
    guests.remove(guest);
    guest.handshake.link().close();
    strays.dropped(String.valueOf(guest.address), why, System.nanoTime());
  }
}
