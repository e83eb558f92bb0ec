package org.byol4j.collective.tcp;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The connections between replicas as a bad network has them: each two replicas are joined through
 * a relay that passes bytes on in pieces of random length, some of them late, and that can cut
 * their connections or swallow everything from some moment on.
 */
public final class FaultyNetwork implements AutoCloseable {
  private static final int LONGEST_PIECE = 4096;
  private static final int LONGEST_DELAY_MICROS = 3_000;

  private final List<InetSocketAddress> addresses;
  private final List<Relay> relays = new ArrayList<>();
  private final Random seeds;
  private final double lateShare;
  private final ByteArrayOutputStream heard = new ByteArrayOutputStream();

  /**
   * Lays the network.
   *
   * @param addresses where the replicas listen
   * @param lateShare the share of pieces that are passed on late
   */
  FaultyNetwork(List<InetSocketAddress> addresses, long seed, double lateShare) {
    this.addresses = addresses;
    this.lateShare = lateShare;
    this.seeds = new Random(seed);
  }

  /** The addresses by which {@code rank} reaches the others. */
  List<InetSocketAddress> addressesFor(int rank) {
    List<InetSocketAddress> seen = new ArrayList<>(addresses);
    for (int lower = 0; lower < rank; lower++) {
      Relay relay = new Relay(rank, lower);
      relays.add(relay);
      seen.set(lower, relay.address());
    }
    return seen;
  }

  /** Cuts all connections of a replica, as its death does. */
  public void cut(int rank) {
    relays.stream().filter(relay -> relay.touches(rank)).forEach(Relay::cut);
  }

  /** Passes nothing on any more to or from a replica, as if it were frozen. */
  public void swallow(int rank) {
    relays.stream().filter(relay -> relay.touches(rank)).forEach(relay -> relay.swallows = true);
  }

  /** Everything that was passed on so far, as one reads it who listens in. */
  byte[] heard() {
    synchronized (heard) {
      return heard.toByteArray();
    }
  }

  @Override
  public void close() {
    relays.forEach(Relay::cut);
  }

  /** What is between two replicas. */
  private final class Relay {
    private final int higher;
    private final int lower;
    private final ServerSocket listener;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private volatile boolean swallows;

    Relay(int higher, int lower) {
      this.higher = higher;
      this.lower = lower;
      try {
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      } catch (IOException e) {
        throw new AssertionError("no relay", e);
      }
      start(this::accept);
    }

    InetSocketAddress address() {
      return new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort());
    }

    boolean touches(int rank) {
      return rank == higher || rank == lower;
    }

    void cut() {
      closeAll(listener);
      sockets.forEach(FaultyNetwork::closeAll);
    }

    private void accept() {
      try {
        while (true) {
          Socket from = listener.accept();
          InetSocketAddress target = addresses.get(lower);
          Socket to = new Socket(target.getAddress(), target.getPort());
          sockets.add(from);
          sockets.add(to);
          pass(from, to);
          pass(to, from);
        }
      } catch (IOException e) {
        // the relay was cut
      }
    }

    private void pass(Socket from, Socket to) throws IOException {
      from.setTcpNoDelay(true);
      to.setTcpNoDelay(true);
      Random random;
      synchronized (seeds) {
        random = new Random(seeds.nextLong());
      }
      start(
          () -> {
            try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
              byte[] piece = new byte[LONGEST_PIECE];
              int count = in.read(piece, 0, 1 + random.nextInt(LONGEST_PIECE));
              while (count >= 0) {
                if (random.nextDouble() < lateShare) {
                  long micros = random.nextInt(LONGEST_DELAY_MICROS);
                  LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(micros));
                }
                if (!swallows) {
                  synchronized (heard) {
                    heard.write(piece, 0, count);
                  }
                  out.write(piece, 0, count);
                }
                count = in.read(piece, 0, 1 + random.nextInt(LONGEST_PIECE));
              }
            } catch (IOException e) {
              // one end is gone, and the other one is closed with it
            }
          });
    }
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "faulty-network");
    thread.setDaemon(true);
    thread.start();
  }

  private static void closeAll(Closeable closeable) {
    try {
      closeable.close();
    } catch (IOException e) {
      throw new AssertionError("cannot be closed", e);
    }
  }
}
