package org.byol4j.collective.tcp;

import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Opens and closes sockets the way that replicas need them. */
final class Sockets {
  /** Connections that the system keeps until they are accepted. */
  private static final int BACKLOG = 1024;

  private Sockets() {}

  /** Listens on the first free port of the range. */
  static ServerSocketChannel listen(InetAddress host, TcpSettings settings) throws IOException {
    for (int port = settings.lowPort(); port <= settings.highPort(); port++) {
      ServerSocketChannel channel = ServerSocketChannel.open();
      try {
        channel.configureBlocking(false);
        channel.bind(new InetSocketAddress(host, port), BACKLOG);
        return channel;
      } catch (BindException e) {
        channel.close();
        if (port == settings.highPort()) {
          throw new BindException(
              "no port to listen on: host=%s ports=%d-%d: %s"
                  .formatted(
                      host.getHostAddress(),
                      settings.lowPort(),
                      settings.highPort(),
                      e.getMessage()));
        }
      }
    }
    throw new IllegalStateException("the range of ports is never empty");
  }

  /** Whether an address is one of this host. */
  static boolean isHere(InetAddress host) {
    try {
      return host.isAnyLocalAddress() || NetworkInterface.getByInetAddress(host) != null;
    } catch (SocketException e) {
      return false;
    }
  }

  /** Makes a connection, new or accepted, one that neither blocks nor waits to fill packets. */
  static SocketChannel prepare(SocketChannel channel) throws IOException {
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return channel;
  }

  /** Closes what nobody needs any more: a failure to do so helps nobody to know. */
  static void close(Closeable closeable) {
    try {
      closeable.close();
    } catch (IOException e) {
      // the system takes it back with the process
    }
  }
}
