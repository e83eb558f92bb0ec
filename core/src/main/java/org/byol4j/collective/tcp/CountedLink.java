package org.byol4j.collective.tcp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.LongAdder;

/**
 * Another link whose bytes are counted as they are sent, before TLS makes more of them.
 *
 * @param link the other one
 * @param sent what is counted, which other links may share
 */
record CountedLink(Link link, LongAdder sent) implements Link {

  @Override
  public SocketChannel channel() {
    return link.channel();
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    return link.read(to);
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    int written = link.write(from);
    sent.add(written);
    return written;
  }

  @Override
  public boolean flush() throws IOException {
    return link.flush();
  }

  @Override
  public void close() {
    link.close();
  }
}
