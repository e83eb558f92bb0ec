package org.byol4j.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of a group when one of its background threads ends, or is busy. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class BackgroundThreadsTest {
  private static final long SESSION = 7;
  private static final Duration PEER_TIMEOUT = Duration.ofMillis(500);

  private final JobSecret secret = JobSecret.random();
  private final Links links = Links.of(Optional.empty());
  private final Group group0 = new Group(0, 2, SESSION);
  private final Group group1 = new Group(1, 2, SESSION);

  @Test
  void errorInTheWatchFailsTheGroupWithItsCauseAndTheOthersHearOfIt() throws Exception {
    CountDownLatch failed = failures(2);
    Error error = new OutOfMemoryError("Java heap space");
    try (SocketPair sockets = new SocketPair();
        Watch watch0 = new Watch(group0, new Mesh(group0), PEER_TIMEOUT);
        Watch watch1 = new Watch(group1, new Mesh(group1), PEER_TIMEOUT)) {
      watch1.arrive(0, new PlainLink(sockets.a));
      watch0.arrive(1, new BrokenLink(new PlainLink(sockets.b), error));
      failed.await();
    }
    String reason = "rank=0 cannot watch its connections: " + error;
    assertThat(group0.exception("allGather", 3))
        .hasMessage("allGather failed: rank=0 size=2 sequence=3: " + reason)
        .hasCause(error);
    assertThat(group1.failure()).isEqualTo(reason);
  }

  @Test
  void errorAtTheDoorFailsTheGroupWithItsCause() throws Exception {
    CountDownLatch failed = failures(1);
    Error error = new StackOverflowError();
    Doorman.Host host =
        (hello, link) -> {
          throw error;
        };
    ServerSocketChannel listener = listener();
    Doorman doorman = new Doorman(listener, links, secret, group0, host);
    try {
      knock(listener).close();
      failed.await();
    } finally {
      doorman.close();
    }
    assertThat(group0.exception("join", 0))
        .hasMessage("join failed: rank=0 size=2 sequence=0: rank=0 cannot let others in: " + error)
        .hasCause(error);
  }

  @Test
  void whatKeepsTheDoorBusyDelaysNoHeartbeat() throws Exception {
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Doorman.Host slow =
        (hello, link) -> {
          busy.countDown();
          try {
            release.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return true;
        };
    CountDownLatch failed = failures(1);
    ServerSocketChannel listener = listener();
    Doorman doorman = new Doorman(listener, links, secret, group0, slow);
    try (SocketPair sockets = new SocketPair();
        Watch watch0 = new Watch(group0, new Mesh(group0), PEER_TIMEOUT);
        Watch watch1 = new Watch(group1, new Mesh(group1), PEER_TIMEOUT)) {
      watch0.arrive(1, new PlainLink(sockets.a));
      watch1.arrive(0, new PlainLink(sockets.b));
      Link link = knock(listener);
      busy.await();
      boolean isSilent = failed.await(3 * PEER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      assertThat(isSilent).as(group0.failure() + group1.failure()).isFalse();
      link.close();
    } finally {
      release.countDown();
      doorman.close();
    }
  }

  private CountDownLatch failures(int count) {
    CountDownLatch failed = new CountDownLatch(count);
    group0.onFailure(failed::countDown);
    group1.onFailure(failed::countDown);
    return failed;
  }

  private static ServerSocketChannel listener() throws IOException {
    return Sockets.listen(InetAddress.getLoopbackAddress(), TcpGroup.SETTINGS);
  }

  /** Comes as rank 1, with all proofs. */
  private Link knock(ServerSocketChannel listener) throws IOException {
    InetSocketAddress door = (InetSocketAddress) listener.getLocalAddress();
    return new Connector(links, secret, group1, List.of(door, door))
        .connect(0, Lane.DATA, () -> {});
  }

  /** The two ends of a connection. */
  private static final class SocketPair implements AutoCloseable {
    private final SocketChannel a;
    private final SocketChannel b;

    SocketPair() throws IOException {
      try (ServerSocketChannel listener = ServerSocketChannel.open()) {
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        a = Sockets.prepare(SocketChannel.open(listener.getLocalAddress()));
        b = Sockets.prepare(listener.accept());
      }
    }

    @Override
    public void close() throws IOException {
      a.close();
      b.close();
    }
  }

  /** A connection that sends, and throws when it is read. */
  private record BrokenLink(Link link, Error error) implements Link {
    @Override
    public SocketChannel channel() {
      return link.channel();
    }

    @Override
    public int read(ByteBuffer to) {
      throw error;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      return link.write(from);
    }

    @Override
    public boolean flush() throws IOException {
      return link.flush();
    }

    @Override
    public void close() {
      link.close();
    }
  }
}
