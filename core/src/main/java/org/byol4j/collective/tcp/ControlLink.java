package org.byol4j.collective.tcp;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The control connection to one replica: heartbeats, the reason of a failure, and good-byes. A
 * message is a type, a length, and a text of that length. Confined to the watch's thread.
 *
 * <pre>
 *  0      1        3      3 + length
 *  | type | length | text |
 * </pre>
 */
final class ControlLink {
  private static final int HEADER_BYTES = 3;
  private static final int LONGEST_TEXT_BYTES = 4096;

  /** What a message says. */
  enum Message {
    HEARTBEAT(0),
    FAILED(1),
    LEAVES(2);

    /** Its place in this list, which the protocol fixes. */
    private final byte code;

    Message(int code) {
      this.code = (byte) code;
    }
  }

  /** Takes what comes. */
  @FunctionalInterface
  interface Receiver {
    void receive(ControlLink from, Message message, String text);
  }

  private static final Message[] MESSAGES = Message.values();

  private final Link link;
  private final int peer;
  private final ByteBuffer incoming = ByteBuffer.allocate(HEADER_BYTES + LONGEST_TEXT_BYTES);

  /** Room for a heartbeat, a reason and a good-bye that have to wait together. */
  private final ByteBuffer outgoing =
      ByteBuffer.allocate(3 * HEADER_BYTES + LONGEST_TEXT_BYTES).limit(0);

  private long heardNanos;
  private boolean open = true;

  ControlLink(Link link, int peer, long nowNanos) {
    this.link = link;
    this.peer = peer;
    this.heardNanos = nowNanos;
  }

  Link link() {
    return link;
  }

  int peer() {
    return peer;
  }

  /** False from the moment on that nothing more is expected. */
  boolean isOpen() {
    return open;
  }

  long heardNanos() {
    return heardNanos;
  }

  /** Counts the silence from now on. */
  void forgiveSilence(long nowNanos) {
    heardNanos = nowNanos;
  }

  /** Sends a message after what still waits; one that finds no room is dropped. */
  void send(Message message, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(bytes.length, LONGEST_TEXT_BYTES);
    outgoing.compact();
    if (outgoing.remaining() >= HEADER_BYTES + length) {
      outgoing.put(message.code).putShort((short) length).put(bytes, 0, length);
    }
    outgoing.flip();
    flush();
  }

  /** Whether all is sent. */
  boolean flush() throws IOException {
    while (outgoing.hasRemaining() && link.write(outgoing) > 0) {
      // as long as the link takes some
    }
    return link.flush() && !outgoing.hasRemaining();
  }

  /**
   * Takes in what is there.
   *
   * @throws EOFException if the other end is gone
   * @throws IOException if the connection broke, or what came is no message
   */
  void receive(long nowNanos, Receiver receiver) throws IOException {
    int count;
    while ((count = link.read(incoming)) > 0) {
      heardNanos = nowNanos;
      incoming.flip();
      while (open && incoming.remaining() >= HEADER_BYTES) {
        incoming.mark();
        int type = incoming.get();
        int length = incoming.getShort();
        if (type < 0 || type >= MESSAGES.length || length < 0 || length > LONGEST_TEXT_BYTES) {
          throw new IOException("type=%d length=%d is no message".formatted(type, length));
        }
        if (incoming.remaining() < length) {
          incoming.reset();
          break;
        }
        String text =
            new String(incoming.array(), incoming.position(), length, StandardCharsets.UTF_8);
        incoming.position(incoming.position() + length);
        receiver.receive(this, MESSAGES[type], text);
      }
      incoming.compact();
    }
    if (count < 0 && open) {
      throw new EOFException("was closed");
    }
  }

  void close() {
    open = false;
    link.close();
  }
}
