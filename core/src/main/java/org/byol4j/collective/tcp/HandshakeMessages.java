package org.byol4j.collective.tcp;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Whole messages of known length over a link that never blocks. */
final class HandshakeMessages {
  private final Link link;
  private ByteBuffer incoming = ByteBuffer.allocate(0);
  private ByteBuffer outgoing = ByteBuffer.allocate(0);

  HandshakeMessages(Link link) {
    this.link = link;
  }

  void send(byte[] message) {
    outgoing = ByteBuffer.wrap(message);
  }

  void expect(int bytes) {
    incoming = ByteBuffer.allocate(bytes);
  }

  /** Moves what can be moved; true if all that was to be sent is sent. */
  boolean isSent() throws IOException {
    while (outgoing.hasRemaining() && link.write(outgoing) > 0) {
      // as long as the link takes some
    }
    return link.flush() && !outgoing.hasRemaining();
  }

  /** Moves what can be moved; true if all that was expected is here. */
  boolean isReceived() throws IOException {
    while (incoming.hasRemaining()) {
      int count = link.read(incoming);
      if (count < 0) {
        throw new EOFException(
            "closed after %d of %d bytes".formatted(incoming.position(), incoming.capacity()));
      }
      if (count == 0) {
        return false;
      }
    }
    return true;
  }

  /** The message that was {@linkplain #isReceived received}. */
  byte[] received() {
    return incoming.array();
  }
}
