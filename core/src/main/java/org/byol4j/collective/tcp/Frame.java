package org.byol4j.collective.tcp;

import java.nio.ByteBuffer;

/**
 * The header of a frame: what an operation sends to one replica. All but the length of what follows
 * is the same on all replicas, or they are out of step.
 *
 * <pre>
 *  0        4           5               6      8         16         24       32       40        48
 *  | magic  | operation | element bytes | zero | session | sequence | length | bounds | payload |
 * </pre>
 *
 * <p>{@code length} counts the elements of the operation, {@code bounds} is a digest of its bounds,
 * {@code payload} counts the bytes that follow. Integers are big-endian, elements in the hosts' own
 * order.
 */
final class Frame {
  static final int BYTES = 48;

  private static final int MAGIC = 0x42594c31;
  private static final int CALL = 4;
  private static final int ELEMENT_BYTES = 5;
  private static final int ZERO = 6;
  private static final int SESSION = 8;
  private static final int SEQUENCE = 16;
  private static final int LENGTH = 24;
  private static final int BOUNDS = 32;
  private static final int PAYLOAD = 40;
  private static final Call[] CALLS = Call.values();
  private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

  private Frame() {}

  static void write(
      ByteBuffer to,
      Call call,
      int elementBytes,
      long session,
      long sequence,
      long length,
      long bounds,
      long payload) {
    to.putInt(0, MAGIC);
    to.put(CALL, call.code());
    to.put(ELEMENT_BYTES, (byte) elementBytes);
    to.putShort(ZERO, (short) 0);
    to.putLong(SESSION, session);
    to.putLong(SEQUENCE, sequence);
    to.putLong(LENGTH, length);
    to.putLong(BOUNDS, bounds);
    to.putLong(PAYLOAD, payload);
  }

  static void setPayload(ByteBuffer header, long payload) {
    header.putLong(PAYLOAD, payload);
  }

  /** Whether both headers are of the same operation; {@code payload} is what {@code a} has. */
  static boolean matches(ByteBuffer a, ByteBuffer b, long payload) {
    for (int at = 0; at < PAYLOAD; at += Long.BYTES) {
      if (a.getLong(at) != b.getLong(at)) {
        return false;
      }
    }
    return a.getLong(PAYLOAD) == payload;
  }

  /** Whether this is a frame of this session at all. */
  static boolean isOurs(ByteBuffer header, long session) {
    return header.getInt(0) == MAGIC
        && header.getLong(SESSION) == session
        && header.get(CALL) >= 0
        && header.get(CALL) < CALLS.length;
  }

  /** What the replica that sent a header has called. */
  static String describe(ByteBuffer header, int rank) {
    return "rank=%d %s length=%d elementBytes=%d sequence=%d"
        .formatted(
            rank,
            CALLS[header.get(CALL)],
            header.getLong(LENGTH),
            header.get(ELEMENT_BYTES),
            header.getLong(SEQUENCE));
  }

  /** A digest that differs, but for chance, where bounds do. */
  static long digest(long[] bounds) {
    long digest = bounds.length;
    for (long bound : bounds) {
      digest = (digest ^ bound) * MULTIPLIER;
      digest ^= digest >>> 29;
    }
    return digest;
  }
}
