package org.byol4j.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
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

  private static TcpSettings settings(long joinMs) {
    TcpSettings plain = TcpGroup.SETTINGS;
    return new TcpSettings(
        0,
        0,
        Duration.ofMillis(joinMs),
        plain.peerTimeout(),
        plain.progressTimeout(),
        plain.spin(),
        plain.chunkBytes(),
        Optional.empty());
  }
}
