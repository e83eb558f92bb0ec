package org.byol4j.collective.tcp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * The first message on a connection: who connects to whom, for what. It is drawn, with the three
 * that follow, in docs/parameter-server.md.
 *
 * <pre>
 *  0        8         12     16        24     28     32   36             40      72
 *  | magic  | version | lane | session | size | from | to | native order | nonce |
 * </pre>
 *
 * @param session tells runs and attempts apart
 * @param size the number of replicas
 * @param from the rank that connects
 * @param to the rank that listens
 */
record Hello(Lane lane, long session, int size, int from, int to) {
  static final int BYTES = 72;
  static final int NONCE_BYTES = 32;
  static final int PROOF_BYTES = 32;

  private static final byte[] MAGIC = "BYOL4J\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final byte[] CONNECTS = "byol4j connects".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] LISTENS = "byol4j listens".getBytes(StandardCharsets.US_ASCII);

  /** As it is sent, with 32 bytes that were never used before. */
  byte[] encode(byte[] nonce) {
    return ByteBuffer.allocate(BYTES)
        .put(MAGIC)
        .putInt(VERSION)
        .putInt(lane.code())
        .putLong(session)
        .putInt(size)
        .putInt(from)
        .putInt(to)
        .putInt(nativeOrder())
        .put(nonce)
        .array();
  }

  /**
   * Why {@code message} is no greeting for a replica of this session, if it is not. Only one that
   * passes can be {@linkplain #decode decoded}.
   */
  static Optional<String> fault(byte[] message, long session, int size, int rank) {
    ByteBuffer in = ByteBuffer.wrap(message);
    byte[] magic = new byte[MAGIC.length];
    in.get(magic);
    if (!MessageDigest.isEqual(magic, MAGIC)) {
      return Optional.of("not a replica");
    }
    int version = in.getInt();
    int lane = in.getInt();
    long itsSession = in.getLong();
    int itsSize = in.getInt();
    int from = in.getInt();
    int to = in.getInt();
    int order = in.getInt();
    if (version != VERSION) {
      return Optional.of("version=%d, expected %d".formatted(version, VERSION));
    }
    if (itsSession != session) {
      return Optional.of("session=%d, expected %d".formatted(itsSession, session));
    }
    if (Lane.of(lane).isEmpty()) {
      return Optional.of("lane=%d, expected one of %s".formatted(lane, Lane.ALL));
    }
    if (itsSize != size || to != rank || from <= rank || from >= size) {
      return Optional.of(
          "size=%d from=%d to=%d, expected size=%d to=%d and from above it"
              .formatted(itsSize, from, to, size, rank));
    }
    if (order != nativeOrder()) {
      return Optional.of("byte order differs");
    }
    return Optional.empty();
  }

  static Hello decode(byte[] message) {
    ByteBuffer in = ByteBuffer.wrap(message).position(MAGIC.length + Integer.BYTES);
    Lane lane = Lane.of(in.getInt()).orElseThrow();
    long session = in.getLong();
    int size = in.getInt();
    int from = in.getInt();
    int to = in.getInt();
    return new Hello(lane, session, size, from, to);
  }

  /** What shows the listening end that the connecting one knows the secret. */
  static byte[] proofOfConnecting(JobSecret secret, byte[] hello, byte[] challenge) {
    return secret.authenticate(CONNECTS, hello, challenge);
  }

  /** What shows the connecting end that the listening one knows the secret. */
  static byte[] proofOfListening(JobSecret secret, byte[] hello, byte[] challenge) {
    return secret.authenticate(LISTENS, hello, challenge);
  }

  private static int nativeOrder() {
    return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 1 : 2;
  }
}
