package org.byol4j.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.byol4j.collective.CollectiveSettings;
import org.byol4j.collective.CollectiveSettings.Kind;
import org.byol4j.collective.tcp.TcpSettings;
import org.byol4j.collective.tcp.TlsSettings;
import org.byol4j.paramserver.ParameterServerSettings;

/** The keys of {@code collective}. */
final class CollectiveReader {
  private static final String PORTS = "collective.ports";
  private static final String CHUNK = "collective.chunk-bytes";
  private static final String KEY_STORE = "collective.tls.key-store";
  private static final String TRUST_STORE = "collective.tls.trust-store";
  private static final String PASSWORD = "collective.tls.password";

  private static final Pattern RANGE = Pattern.compile("(\\d{1,5})-(\\d{1,5})");
  private static final int HIGHEST_PORT = 65_535;
  private static final int LARGEST_CHUNK = 1 << 26;
  private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(100);
  private static final Duration LONGEST_TIMEOUT = Duration.ofHours(24);
  private static final Duration LONGEST_SPIN = Duration.ofMillis(100);

  private final Values values;

  CollectiveReader(Values values) {
    this.values = values;
  }

  TcpSettings read() {
    PortRange ports = ports();
    return new TcpSettings(
        ports.low,
        ports.high,
        values.duration("collective.join-timeout", SHORTEST_TIMEOUT, LONGEST_TIMEOUT),
        values.duration("collective.peer-timeout", SHORTEST_TIMEOUT, LONGEST_TIMEOUT),
        values.duration("collective.progress-timeout", SHORTEST_TIMEOUT, LONGEST_TIMEOUT),
        values.duration("collective.spin", Duration.ZERO, LONGEST_SPIN),
        chunkBytes(),
        tls());
  }

  /**
   * How gradients and weights are exchanged.
   *
   * @param tcp the connections, as {@link #read} gives them
   * @param server who exchanges: encoded gradients go by TCP
   */
  CollectiveSettings exchange(TcpSettings tcp, ParameterServerSettings server) {
    Kind kind = values.oneOf("collective.kind", Kind.class);
    return new CollectiveSettings(
        kind == Kind.AUTO && server.sharing().isPresent() ? Kind.TCP : kind,
        tcp.tls().isPresent(),
        tcp.progressTimeout());
  }

  private record PortRange(int low, int high) {
    static final PortRange ANY = new PortRange(0, 0);
  }

  private PortRange ports() {
    String text = values.quoted(PORTS);
    Matcher range = RANGE.matcher(text);
    if (range.matches()) {
      int low = Integer.parseInt(range.group(1));
      int high = Integer.parseInt(range.group(2));
      boolean isAny = low == 0 && high == 0;
      if (isAny || (low > 0 && low <= high && high <= HIGHEST_PORT)) {
        return new PortRange(low, high);
      }
    }
    if (values.areGood(PORTS)) {
      values.report(
          PORTS, "is no range of ports", "0-0, or low-high within 1-%d".formatted(HIGHEST_PORT));
    }
    return PortRange.ANY;
  }

  private int chunkBytes() {
    int bytes = values.integer(CHUNK, TcpSettings.SMALLEST_CHUNK, LARGEST_CHUNK);
    int excess = bytes % Double.BYTES;
    if (excess != 0) {
      values.report(
          CHUNK,
          "is not a multiple of %d".formatted(Double.BYTES),
          "such as %d".formatted(bytes - excess));
    }
    return bytes - excess;
  }

  private Optional<TlsSettings> tls() {
    String keyStore = values.quoted(KEY_STORE);
    String trustStore = values.quoted(TRUST_STORE);
    String password = values.quoted(PASSWORD);
    if (!values.areGood(KEY_STORE, TRUST_STORE, PASSWORD)
        || (keyStore.isEmpty() && trustStore.isEmpty() && password.isEmpty())) {
      return Optional.empty();
    }
    boolean hasKeys = isPath(KEY_STORE, keyStore);
    boolean hasTrust = isPath(TRUST_STORE, trustStore);
    boolean hasSource = isSource(password);
    return hasKeys && hasTrust && hasSource
        ? Optional.of(new TlsSettings(Path.of(keyStore), Path.of(trustStore), password))
        : Optional.empty();
  }

  private boolean isPath(String key, String text) {
    try {
      if (!text.isEmpty() && !Path.of(text).toString().isEmpty()) {
        return true;
      }
    } catch (InvalidPathException e) {
      // as bad as none
    }
    values.report(key, "is no file", "a file, or all of collective.tls empty");
    return false;
  }

  private boolean isSource(String text) {
    boolean isGood = text.startsWith(TlsSettings.ENVIRONMENT) || text.startsWith(TlsSettings.FILE);
    if (!isGood) {
      values.report(
          PASSWORD,
          "does not say where the password comes from",
          "env:NAME, file:PATH, or all of collective.tls empty");
    }
    return isGood;
  }
}
