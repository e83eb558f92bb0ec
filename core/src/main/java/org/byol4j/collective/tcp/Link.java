package org.byol4j.collective.tcp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** One end of a connection, which never blocks. Confined to one thread at a time. */
interface Link extends AutoCloseable {

  /** What a selector waits on. */
  SocketChannel channel();

  /** Takes in what is there, up to the buffer's limit; -1 at the connection's end. */
  int read(ByteBuffer to) throws IOException;

  /** Accepts as much as it can. */
  int write(ByteBuffer from) throws IOException;

  /** Hands what {@link #write} accepted to the network; false if some of it has to wait. */
  boolean flush() throws IOException;

  /** Closes the connection; failures to do so change nothing. */
  @Override
  void close();
}
