package org.byol4j.collective.tcp;

import java.io.IOException;
import java.nio.channels.SocketChannel;

/** Makes the links that the settings ask for. */
final class Links {

  /** The end that made the connection. */
  Link connecting(SocketChannel channel) throws IOException {
    return new PlainLink(Sockets.prepare(channel));
  }

  /** The end that accepted the connection. */
  Link listening(SocketChannel channel) throws IOException {
    return new PlainLink(Sockets.prepare(channel));
  }
}
