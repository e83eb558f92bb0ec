package org.byol4j.paramserver.dl4j;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a replica sends in a round: messages, each behind its length, and as a rule one.
 *
 * <pre>
 *  0        4           4 + length
 *  +--------+-----------+--------+-----
 *  | length | message   | length | ...      length: int32, big-endian, at least 1
 *  +--------+-----------+--------+-----
 * </pre>
 */
final class Envelope {
  /** What a message takes beside its own bytes. */
  static final int LENGTH_BYTES = Integer.BYTES;

  private Envelope() {}

  /**
   * Puts another message into an envelope.
   *
   * @param message writes it
   */
  static void add(ReusedBytes envelope, Consumer<OutputStream> message) {
    int at = envelope.length();
    envelope.writeInt(0);
    message.accept(envelope);
    envelope.setInt(at, envelope.length() - at - LENGTH_BYTES);
  }

  /**
   * Takes messages out. They are windows of the envelope: nothing is allocated by a length that was
   * received.
   *
   * @throws RefusedMessageException if a length is wrong
   */
  static List<ByteBuffer> open(ByteBuffer envelope) {
    List<ByteBuffer> messages = new ArrayList<>();
    ByteBuffer rest = envelope.slice();
    while (rest.hasRemaining()) {
      int length = rest.remaining() < LENGTH_BYTES ? 0 : rest.getInt();
      if (length < 1 || length > rest.remaining()) {
        throw new RefusedMessageException(
            "message=%d has lengthBytes=%d, expected 1 to %d"
                .formatted(messages.size(), length, rest.remaining()));
      }
      messages.add(rest.slice(rest.position(), length));
      rest.position(rest.position() + length);
    }
    return messages;
  }
}
