package org.byol4j.collective.tcp;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** The headers that come before the ranges of a vector, one from each replica. */
final class HeaderReceiver {
  private final Wire wire;
  private final ByteBuffer[] headers;

  HeaderReceiver(Wire wire) {
    this.wire = wire;
    this.headers = new ByteBuffer[wire.group().size()];
    Arrays.setAll(headers, peer -> ByteBuffer.allocateDirect(Frame.BYTES));
  }

  void begin() {
    for (ByteBuffer header : headers) {
      header.clear();
    }
  }

  /** Whether the header of {@code peer} is here and says what it must. */
  boolean isHere(int peer) {
    return !headers[peer].hasRemaining();
  }

  /** Takes in what there is of a header that is not here yet; {@code payload} bytes must follow. */
  boolean advance(int peer, ByteBuffer ours, long payload, Transfer transfer) {
    ByteBuffer header = headers[peer];
    if (wire.read(peer, header, transfer) == 0) {
      return false;
    }
    if (!header.hasRemaining()) {
      wire.check(peer, header, ours, payload, transfer);
    }
    return true;
  }
}
