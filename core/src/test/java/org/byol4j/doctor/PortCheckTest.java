package org.byol4j.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Optional;
import org.byol4j.collective.tcp.TcpSettings;
import org.byol4j.doctor.Finding.Level;
import org.junit.jupiter.api.Test;

class PortCheckTest {
  private static final String LOOPBACK = "127.0.0.1";
  private static final TcpSettings ANY = ports(0, 0);

  @Test
  void anyPortOfThisMachineWillDo() {
    Finding finding = finding(LOOPBACK, ANY, 2, false);

    assertThat(finding.level()).isEqualTo(Level.FINE);
    assertThat(finding.state()).startsWith("host=127.0.0.1 address=127.0.0.1 collective.ports=0-0");
  }

  @Test
  void portThatIsTakenIsNamed() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();

      Finding finding = finding(LOOPBACK, ports(port, port), 1, false);

      assertThat(finding.level()).isEqualTo(Level.FAULT);
      assertThat(finding.state()).contains("port=" + port);
    }
  }

  @Test
  void eachReplicaOfAMachineNeedsAPort() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }

    Finding finding = finding(LOOPBACK, ports(port, port), 2, false);

    assertThat(finding.level()).isEqualTo(Level.FAULT);
    assertThat(finding.state()).endsWith("free=1 replicas here=2");
  }

  @Test
  void nameThatStandsForNothingIsAFault() {
    Finding finding = finding("no-such-host.invalid", ANY, 1, true);

    assertThat(finding.level()).isEqualTo(Level.FAULT);
    assertThat(finding.state()).contains("host=no-such-host.invalid address=none");
    assertThat(finding.advice()).contains("SPARK_LOCAL_IP");
  }

  @Test
  void addressOfAnotherMachineIsAFault() {
    // TEST-NET-2 of RFC 5737: nobody has it
    Finding finding = finding("198.51.100.1", ANY, 1, true);

    assertThat(finding.level()).isEqualTo(Level.FAULT);
    assertThat(finding.advice()).contains("an address of this machine");
  }

  @Test
  void loopbackIsNotFoundFromOtherMachines() {
    assertThat(finding(LOOPBACK, ANY, 1, true).level()).isEqualTo(Level.FAULT);
  }

  private static Finding finding(
      String host, TcpSettings settings, int replicas, boolean areElsewhere) {
    return PortCheck.finding(
        PortCheck.Facts.of(host, settings, replicas), settings, replicas, areElsewhere);
  }

  private static TcpSettings ports(int low, int high) {
    Duration second = Duration.ofSeconds(1);
    return new TcpSettings(
        low, high, second, second, second, Duration.ZERO, 1024, Optional.empty());
  }
}
