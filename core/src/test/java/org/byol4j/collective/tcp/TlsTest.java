package org.byol4j.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveContractTest;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.Replicas;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class TlsTest {
  @TempDir static Path folder;

  private static TlsSettings ours;
  private static TlsSettings theirs;

  @BeforeAll
  static void makeKeys() throws Exception {
    Files.writeString(folder.resolve("password"), "correct horse battery\n");
    ours = keys("ours");
    theirs = keys("theirs");
  }

  @Nested
  final class OfThree extends CollectiveContractTest {
    private final List<TcpGroup> groups = new ArrayList<>();

    @Override
    protected List<Collective> newGroup() {
      TcpGroup group = TcpGroup.join(3, encrypted(ours, 30_000));
      groups.add(group);
      return group.collectives();
    }

    @AfterEach
    void closeGroups() {
      groups.forEach(TcpGroup::close);
    }
  }

  @Test
  void valuesDoNotTravelInTheClear() throws Exception {
    byte[] marker = "sixteen letters!".getBytes(StandardCharsets.US_ASCII);
    assertThat(travels(marker, TcpGroup.SETTINGS)).isTrue();
    assertThat(travels(marker, encrypted(ours, 30_000))).isFalse();
  }

  @Test
  void certificateThatIsNotTrustedKeepsOut() throws Exception {
    List<String> reasons = expectNoGroup(encrypted(ours, 1_500), encrypted(theirs, 1_500));

    assertThat(reasons.get(0))
        .contains("missing=[1]", " dropped=/127.0.0.1:")
        .contains("TLS: it does not trust the certificate of collective.tls.key-store: ");
    assertThat(reasons.get(1))
        .contains("missing=[0]", "problems={0=/127.0.0.1:")
        .contains("TLS: collective.tls.trust-store does not trust its certificate: ");
  }

  @Test
  void certificateThatOnlyTheListeningEndDoesNotTrustIsNamedOnBothEnds() throws Exception {
    TlsSettings stranger = new TlsSettings(theirs.keyStore(), ours.trustStore(), ours.password());
    List<String> reasons = expectNoGroup(encrypted(ours, 1_500), encrypted(stranger, 1_500));

    assertThat(reasons.get(0))
        .contains("TLS: collective.tls.trust-store does not trust its certificate: ");
    assertThat(reasons.get(1))
        .contains("TLS: it does not trust the certificate of collective.tls.key-store: ");
  }

  @Test
  void plainConnectionKeepsOut() throws Exception {
    List<String> reasons = expectNoGroup(encrypted(ours, 1_500), settings(Optional.empty(), 1_500));

    assertThat(reasons.get(0)).contains("TLS: ");
  }

  @Test
  void wrongPasswordIsToldWithTheStoreAndWithoutThePassword() throws IOException {
    Path password = folder.resolve("wrong");
    Files.writeString(password, "open sesame");

    expectFault(
        new TlsSettings(ours.keyStore(), ours.trustStore(), "file:" + password),
        "collective.tls.key-store=%s: cannot be opened with the password of"
            + " collective.tls.password=file:%s",
        ours.keyStore(),
        password);
  }

  @Test
  void missingStoreAndMissingPasswordAreToldWithTheirKeys() {
    Path nowhere = folder.resolve("nowhere.p12");
    expectFault(
        new TlsSettings(nowhere, ours.trustStore(), ours.password()),
        "collective.tls.key-store=%s: no such file",
        nowhere);
    expectFault(
        new TlsSettings(ours.keyStore(), nowhere, ours.password()),
        "collective.tls.trust-store=%s: no such file",
        nowhere);
    expectFault(
        new TlsSettings(ours.keyStore(), ours.trustStore(), "file:" + nowhere),
        "collective.tls.password=file:%s: cannot be read: ",
        nowhere);
    expectFault(
        new TlsSettings(ours.keyStore(), ours.trustStore(), "env:BYOL4J_NO_SUCH_VARIABLE"),
        "collective.tls.password=env:BYOL4J_NO_SUCH_VARIABLE: expected a variable that is set");
  }

  @Test
  void storesThatHoldTheWrongThingAreToldWithTheirKeys() throws Exception {
    expectFault(
        new TlsSettings(ours.trustStore(), ours.trustStore(), ours.password()),
        "collective.tls.key-store=%s: has no private key",
        ours.trustStore());
    Path empty = folder.resolve("empty.p12");
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, new char[0]);
    try (OutputStream out = Files.newOutputStream(empty)) {
      store.store(out, Files.readString(folder.resolve("password")).strip().toCharArray());
    }
    expectFault(
        new TlsSettings(ours.keyStore(), empty, ours.password()),
        "collective.tls.trust-store=%s: is empty",
        empty);
    Path text = Files.writeString(folder.resolve("text.p12"), "no store at all, only text");
    expectFault(
        new TlsSettings(text, ours.trustStore(), ours.password()),
        "collective.tls.key-store=%s: cannot be read as PKCS #12 or JKS: ",
        text);
  }

  private static void expectFault(TlsSettings settings, String start, Object... values) {
    assertThatThrownBy(
            () -> TcpEndpoint.bind(InetAddress.getLoopbackAddress(), encrypted(settings, 1_000)))
        .isInstanceOf(TlsKeysException.class)
        .hasMessageStartingWith(start, values)
        .hasMessageNotContaining("sesame")
        .hasMessageNotContaining("battery");
  }

  /** Whether somebody who listens in can read what the replicas add up. */
  private static boolean travels(byte[] marker, TcpSettings settings) {
    ByteBuffer bytes = ByteBuffer.wrap(marker).order(ByteOrder.nativeOrder());
    double[] values = {bytes.getDouble(), bytes.getDouble()};
    AtomicReference<FaultyNetwork> network = new AtomicReference<>();
    try (TcpGroup group =
            TcpGroup.join(
                2,
                settings,
                (rank, addresses) -> {
                  network.compareAndSet(null, new FaultyNetwork(addresses, 1, 0));
                  return network.get().addressesFor(rank);
                },
                Optional::empty);
        FaultyNetwork relays = network.get()) {
      Replicas.run(
          group.collectives(),
          collective -> {
            collective.allGather(values, new double[2 * values.length]);
            return 0;
          });
      String heard = new String(relays.heard(), StandardCharsets.ISO_8859_1);
      return heard.contains(new String(marker, StandardCharsets.ISO_8859_1));
    }
  }

  /** Returns what the two replicas say. */
  private static List<String> expectNoGroup(TcpSettings first, TcpSettings second)
      throws Exception {
    JobSecret secret = JobSecret.random();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (TcpEndpoint a = TcpEndpoint.bind(InetAddress.getLoopbackAddress(), first);
        TcpEndpoint b = TcpEndpoint.bind(InetAddress.getLoopbackAddress(), second)) {
      List<InetSocketAddress> addresses = List.of(a.address(), b.address());
      Future<Collective> one =
          threads.submit(() -> a.join(secret, 1, 0, addresses, Optional::empty));
      Future<Collective> other =
          threads.submit(() -> b.join(secret, 1, 1, addresses, Optional::empty));
      List<String> reasons = new ArrayList<>();
      for (Future<Collective> future : List.of(one, other)) {
        ExecutionException failure = catchThrowableOfType(ExecutionException.class, future::get);
        assertThat(failure)
            .hasCauseInstanceOf(CollectiveException.class)
            .hasMessageContaining("join timed out");
        reasons.add(failure.getMessage());
      }
      return reasons;
    } finally {
      threads.shutdownNow();
    }
  }

  private static TcpSettings encrypted(TlsSettings tls, long joinMs) {
    return settings(Optional.of(tls), joinMs);
  }

  private static TcpSettings settings(Optional<TlsSettings> tls, long joinMs) {
    TcpSettings plain = TcpGroup.SETTINGS;
    return new TcpSettings(
        0,
        0,
        Duration.ofMillis(joinMs),
        plain.peerTimeout(),
        plain.progressTimeout(),
        plain.spin(),
        plain.chunkBytes(),
        tls);
  }

  /** A key, and a store that trusts it alone. */
  private static TlsSettings keys(String name) throws Exception {
    Path keyStore = folder.resolve(name + ".p12");
    Path certificate = folder.resolve(name + ".crt");
    Path trustStore = folder.resolve(name + "-trust.p12");
    keytool("-genkeypair -alias replica -keyalg EC -dname CN=" + name, keyStore);
    keytool("-exportcert -alias replica -file " + certificate, keyStore);
    keytool("-importcert -noprompt -alias replica -file " + certificate, trustStore);
    return new TlsSettings(keyStore, trustStore, "file:" + folder.resolve("password"));
  }

  private static void keytool(String arguments, Path store) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(Arrays.asList(arguments.split(" ")));
    command.addAll(List.of("-storetype", "PKCS12", "-keystore", store.toString()));
    command.addAll(List.of("-storepass:file", folder.resolve("password").toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }
}
