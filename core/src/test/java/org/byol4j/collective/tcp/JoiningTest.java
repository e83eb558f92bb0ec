package org.byol4j.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.Replicas;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How replicas come together, and what is left open afterwards. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class JoiningTest {
  private static final InetAddress HOST = InetAddress.getLoopbackAddress();

  @Test
  void nobodyListensOnceAllReplicasAreHere() {
    try (TcpGroup group = TcpGroup.join(3, TcpGroup.SETTINGS)) {
      for (TcpEndpoint endpoint : group.endpoints()) {
        InetSocketAddress address = endpoint.address();
        assertThatThrownBy(() -> new Socket(address.getAddress(), address.getPort()))
            .as("address=%s", address)
            .isInstanceOf(ConnectException.class);
      }
      assertThat(
              Replicas.run(
                  group.collectives(),
                  collective -> {
                    double[] values = {collective.rank()};
                    collective.allReduceSum(values);
                    return values[0];
                  }))
          .containsExactly(3.0, 3.0, 3.0);
    }
  }

  @Test
  void nobodyListensAfterJoiningInVainEither() throws Exception {
    try (TcpEndpoint endpoint = TcpEndpoint.bind(HOST, settings(200))) {
      InetSocketAddress mine = endpoint.address();
      assertThatThrownBy(
              () -> endpoint.join(JobSecret.random(), 3, 0, List.of(mine, mine), Optional::empty))
          .hasMessageContaining("missing=[1]");
      assertThatThrownBy(() -> new Socket(mine.getAddress(), mine.getPort()))
          .isInstanceOf(ConnectException.class);
      assertThatThrownBy(
              () -> endpoint.join(JobSecret.random(), 3, 0, List.of(mine, mine), Optional::empty))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("address=%s was joined through already", mine);
    }
  }

  @Test
  void replicaBehindAWallThatDropsPacketsIsNamedWithAttemptsAndTimes() throws IOException {
    try (Wall wall = new Wall();
        TcpEndpoint endpoint = TcpEndpoint.bind(HOST, settings(700))) {
      List<InetSocketAddress> addresses = List.of(wall.address(), endpoint.address());

      assertThatThrownBy(() -> endpoint.join(JobSecret.random(), 3, 1, addresses, Optional::empty))
          .isInstanceOf(CollectiveException.class)
          .hasMessageMatching(
              ".*rank=1 join timed out: session=3 missing=\\[0] problems=\\{0=%s attempts=1 "
                      .formatted(wall.address())
                  + "connecting, no answer for \\d{3,} ms} elapsedMs=\\d{3,} timeoutMs=700");
    }
  }

  @Test
  void attemptsWithoutAnswerAreCountedAndTheirReasonKept() throws IOException {
    try (Wall wall = new Wall();
        TcpEndpoint endpoint = TcpEndpoint.bind(HOST, settings(5_600))) {
      List<InetSocketAddress> addresses = List.of(wall.address(), endpoint.address());

      assertThatThrownBy(() -> endpoint.join(JobSecret.random(), 3, 1, addresses, Optional::empty))
          .hasMessageContaining("attempts=2 connecting, no answer for ")
          .hasMessageContaining(
              "last failure: no answer within 5000 ms: not running, or packets are dropped on the"
                  + " way");
    }
  }

  @Test
  void replicaThatListensAndSaysNothingIsNamedSo() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 10, HOST);
        TcpEndpoint endpoint = TcpEndpoint.bind(HOST, settings(400))) {
      InetSocketAddress other = new InetSocketAddress(HOST, silent.getLocalPort());

      assertThatThrownBy(
              () ->
                  endpoint.join(
                      JobSecret.random(),
                      3,
                      1,
                      List.of(other, endpoint.address()),
                      Optional::empty))
          .hasMessageMatching(".*attempts=1 connected, waiting for its greeting for \\d+ ms.*");
    }
  }

  @Test
  void portThatComesFreeInTimeIsTaken() throws Exception {
    ServerSocket taken = new ServerSocket(0, 1, HOST);
    TcpSettings onlyThat = settings(30_000, taken.getLocalPort());
    AtomicInteger asked = new AtomicInteger();
    // the replica that had the port ends when it was tried a few times
    Supplier<Optional<String>> counts =
        () -> {
          if (asked.incrementAndGet() == 3) {
            close(taken);
          }
          return Optional.empty();
        };
    try (TcpEndpoint endpoint = TcpEndpoint.bind(HOST, onlyThat, counts)) {
      assertThat(endpoint.address().getPort()).isEqualTo(taken.getLocalPort());
    }
    assertThat(asked).hasValue(3);
  }

  private static void close(ServerSocket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void portThatStaysTakenIsGivenUpWithARangeAndATime() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, HOST)) {
      int port = taken.getLocalPort();
      assertThatThrownBy(() -> TcpEndpoint.bind(HOST, settings(200, port)))
          .isInstanceOf(CollectiveException.class)
          .hasMessageMatching(
              "cannot listen: host=127.0.0.1: no port to listen on: host=127.0.0.1 ports=%d-%d: "
                      .formatted(port, port)
                  + "Address already in use; given up after \\d{3,} ms");
      assertThatThrownBy(
              () ->
                  TcpEndpoint.bind(
                      HOST, settings(30_000, port), () -> Optional.of("the task is killed")))
          .hasMessageContaining("given up: the task is killed after ");
    }
  }

  @Test
  void addressOfAnotherHostIsNotWaitedFor() throws Exception {
    InetAddress elsewhere = InetAddress.getByName("203.0.113.9");
    assertThatThrownBy(() -> TcpEndpoint.bind(elsewhere, settings(30_000)))
        .isInstanceOf(CollectiveException.class)
        .hasMessageStartingWith("cannot listen: host=203.0.113.9: ")
        .hasMessageMatching(".*given up after \\d{1,4} ms");
  }

  /** A port whose queue is full: Linux drops what comes for it, as a firewall does. */
  private static final class Wall implements AutoCloseable {
    private final ServerSocket listener;
    private final List<Socket> queue = new ArrayList<>();

    Wall() throws IOException {
      listener = new ServerSocket(0, 1, HOST);
      // the queue takes one more than it is told
      for (int i = 0; i < 2; i++) {
        queue.add(new Socket(HOST, listener.getLocalPort()));
      }
    }

    InetSocketAddress address() {
      return new InetSocketAddress(HOST, listener.getLocalPort());
    }

    @Override
    public void close() throws IOException {
      for (Socket socket : queue) {
        socket.close();
      }
      listener.close();
    }
  }

  private static TcpSettings settings(long joinMs) {
    return settings(joinMs, 0);
  }

  private static TcpSettings settings(long joinMs, int port) {
    TcpSettings plain = TcpGroup.SETTINGS;
    return new TcpSettings(
        port,
        port,
        Duration.ofMillis(joinMs),
        plain.peerTimeout(),
        plain.progressTimeout(),
        plain.spin(),
        plain.chunkBytes(),
        Optional.empty());
  }
}
