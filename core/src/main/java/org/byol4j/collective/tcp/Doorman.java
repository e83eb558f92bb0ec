package org.byol4j.collective.tcp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * Lets in connections that prove that they belong here, and drops the others. Those that have not
 * proved it yet are few, have little time, and can send little.
 *
 * <p>It works on a thread of its own, so that what strangers and handshakes cost delays no
 * heartbeat, and only until all replicas are here: then nothing listens any more.
 */
final class Doorman implements AutoCloseable {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long TICK_MS = 500;

  /** How many strays may stand at the door besides all replicas; then the oldest goes. */
  private static final int STRAYS = 64;

  /** How many are accepted before those who are here have their turn again. */
  private static final int AT_ONCE = 64;

  /** Takes those that were let in, on the doorman's thread; false if they are not wanted. */
  @FunctionalInterface
  interface Host {
    boolean welcome(Hello hello, Link link);
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
  private final Thread thread;
  private volatile boolean ends;
  private volatile String lastStray = "";

  private record Guest(
      SocketAddress address, Handshake handshake, SelectionKey key, long deadline) {}

  /**
   * Opens the door.
   *
   * @param listener the doorman's to close from now on
   */
  Doorman(ServerSocketChannel listener, Links links, JobSecret secret, Group group, Host host) {
    this.listener = listener;
    this.links = links;
    this.secret = secret;
    this.group = group;
    this.host = host;
    this.mostGuests = STRAYS + Lane.ALL.size() * group.size();
    try {
      this.selector = Selector.open();
      this.door = listener.register(selector, SelectionKey.OP_ACCEPT, (Runnable) this::accept);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot wait for other replicas", e);
    }
    this.thread = new Thread(this::run, "collective-door-" + group.rank());
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    try {
      while (!ends) {
        selector.select(Doorman::serve, TICK_MS);
        tick(System.nanoTime());
      }
    } catch (Throwable e) {
      // the others would knock in vain
      group.fail("rank=%d cannot let others in: %s".formatted(group.rank(), e), e);
    } finally {
      Sockets.close(listener);
      guests.forEach(guest -> guest.handshake.link().close());
      Sockets.close(selector);
    }
  }

  private static void serve(SelectionKey key) {
    ((Runnable) key.attachment()).run();
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
    boolean isProven;
    try {
      isProven = guest.handshake.advance();
    } catch (StrayException e) {
      lastStray = " dropped=%s: %s".formatted(guest.address, e.getMessage());
      drop(guest, e.getMessage());
      return;
    } catch (IOException | RuntimeException e) {
      // whatever a stranger sends, it is his connection alone that ends
      drop(guest, e.getMessage());
      return;
    }
    if (isProven) {
      guests.remove(guest);
      guest.key.cancel();
      if (!host.welcome(guest.handshake.hello(), guest.handshake.link())) {
        drop(guest, "all replicas are here already");
      }
    }
  }

  /** Drops those whose time is over, and opens the door if it was shut for a while. */
  private void tick(long now) {
    // they are in the order of their deadlines
    while (!guests.isEmpty() && now - guests.getFirst().deadline > 0) {
      drop(guests.getFirst(), "proved nothing in time");
    }
    door.interestOps(SelectionKey.OP_ACCEPT);
  }

  private void drop(Guest guest, String why) {
    guests.remove(guest);
    guest.handshake.link().close();
    strays.dropped(String.valueOf(guest.address), why, System.nanoTime());
  }

  /** Who was dropped last for what it sent, and why; empty if nobody was. */
  String lastStray() {
    return lastStray;
  }

  /** Shuts the door, sends everybody who still stands there away, and ends the thread. */
  @Override
  public void close() {
    ends = true;
    selector.wakeup();
    Threads.join(thread);
  }
}
