package org.byol4j.collective.tcp;

import java.time.Duration;
import java.util.Optional;

/**
 * How replicas talk over TCP.
 *
 * @param lowPort the first port that may be listened on; 0 with {@code highPort=0} means any
 * @param highPort the last port that may be listened on
 * @param joinTimeout how long all replicas may take to connect to each other
 * @param peerTimeout how long a replica may be silent before it counts as dead or frozen
 * @param progressTimeout how long an operation may stand still while all replicas live
 * @param spin how long a waiting thread looks again and again before it sleeps; 0 for never
 * @param chunkBytes what is sent, received and summed at a time of a vector, a multiple of 8
 * @param tls how connections are encrypted; empty for not at all
 */
public record TcpSettings(
    int lowPort,
    int highPort,
    Duration joinTimeout,
    Duration peerTimeout,
    Duration progressTimeout,
    Duration spin,
    int chunkBytes,
    Optional<TlsSettings> tls) {

  /** The smallest chunk. */
  public static final int SMALLEST_CHUNK = 64;

  private static final int HIGHEST_PORT = 65_535;

  /**
   * Takes settings.
   *
   * @throws IllegalArgumentException if the ports are neither 0 and 0 nor a rising range within 1
   *     to 65535, a timeout is not above 0, {@code spin} is below 0, or {@code chunkBytes} is no
   *     multiple of 8 or below {@link #SMALLEST_CHUNK}
   */
  public TcpSettings {
    if (lowPort < 0 || highPort < lowPort || highPort > HIGHEST_PORT) {
      throw new IllegalArgumentException(
          "ports=%d-%d, expected 0-0 or a rising range up to %d"
              .formatted(lowPort, highPort, HIGHEST_PORT));
    }
    if (lowPort == 0 && highPort != 0) {
      throw new IllegalArgumentException(
          "ports=0-%d, expected 0-0 for any port, or a range above 0".formatted(highPort));
    }
    requirePositive("joinTimeout", joinTimeout);
    requirePositive("peerTimeout", peerTimeout);
    requirePositive("progressTimeout", progressTimeout);
    if (spin.isNegative()) {
      throw new IllegalArgumentException("spin=%s, expected at least 0".formatted(spin));
    }
    if (chunkBytes < SMALLEST_CHUNK || chunkBytes % Double.BYTES != 0) {
      throw new IllegalArgumentException(
          "chunkBytes=%d, expected a multiple of %d of at least %d"
              .formatted(chunkBytes, Double.BYTES, SMALLEST_CHUNK));
    }
  }

  private static void requirePositive(String name, Duration duration) {
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException("%s=%s, expected above 0".formatted(name, duration));
    }
  }
}
