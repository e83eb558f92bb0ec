package org.byol4j.collective.tcp;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/**
 * Makes the links that the settings ask for: plain ones, or TLS 1.3 with certificates both ways.
 */
final class Links {
  private static final String[] PROTOCOLS = {"TLSv1.3"};

  private final Optional<SSLContext> context;
  private final LongAdder sent = new LongAdder();

  private Links(Optional<SSLContext> context) {
    this.context = context;
  }

  /**
   * Reads the stores, if there are any.
   *
   * @throws TlsKeysException if they are not what the settings say
   */
  static Links of(Optional<TlsSettings> tls) {
    return new Links(tls.map(TlsKeys::context));
  }

  /** The end that made the connection. */
  Link connecting(SocketChannel channel) throws IOException {
    return link(channel, true);
  }

  /** The end that accepted the connection. */
  Link listening(SocketChannel channel) throws IOException {
    return link(channel, false);
  }

  /** How many bytes all these links together have sent. */
  long sentBytes() {
    return sent.sum();
  }

  private Link link(SocketChannel channel, boolean connects) throws IOException {
    Sockets.prepare(channel);
    return new CountedLink(
        context.isEmpty() ? new PlainLink(channel) : encrypted(channel, connects), sent);
  }

  private Link encrypted(SocketChannel channel, boolean connects) throws IOException {
    SSLEngine engine = context.get().createSSLEngine();
    engine.setUseClientMode(connects);
    engine.setEnabledProtocols(PROTOCOLS);
    if (!connects) {
      engine.setNeedClientAuth(true);
    }
    return new TlsLink(channel, engine);
  }
}
