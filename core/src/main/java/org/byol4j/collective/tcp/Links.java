package org.byol4j.collective.tcp;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;

/**
 * Makes the links that the settings ask for: plain ones, or TLS 1.3 with certificates both ways.
 */
final class Links {
  private static final String[] PROTOCOLS = {"TLSv1.3"};

  private final Optional<SSLContext> context;

  private Links(Optional<SSLContext> context) {
    this.context = context;
  }

  /**
   * Reads the stores, if there are any.
   *
   * @throws UncheckedIOException if a file cannot be read
   * @throws IllegalArgumentException if a store cannot be opened with the password
   */
  static Links of(Optional<TlsSettings> tls) {
    return new Links(tls.map(Links::context));
  }

  /** The end that made the connection. */
  Link connecting(SocketChannel channel) throws IOException {
    return link(channel, true);
  }

  /** The end that accepted the connection. */
  Link listening(SocketChannel channel) throws IOException {
    return link(channel, false);
  }

  private Link link(SocketChannel channel, boolean connects) throws IOException {
    Sockets.prepare(channel);
    if (context.isEmpty()) {
      return new PlainLink(channel);
    }
    SSLEngine engine = context.get().createSSLEngine();
    engine.setUseClientMode(connects);
    engine.setEnabledProtocols(PROTOCOLS);
    if (!connects) {
      engine.setNeedClientAuth(true);
    }
    return new TlsLink(channel, engine);
  }

  private static SSLContext context(TlsSettings settings) {
    char[] password = password(settings.password());
    try {
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store(settings.keyStore(), password), password);
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store(settings.trustStore(), password));
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "%s, %s: no keys for TLS: %s"
              .formatted(settings.keyStore(), settings.trustStore(), e.getMessage()),
          e);
    } finally {
      Arrays.fill(password, '\0');
    }
  }

  private static KeyStore store(Path file, char[] password) throws GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, password);
      return store;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "%s: cannot be read, or not with this password: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static char[] password(String source) {
    if (source.startsWith(TlsSettings.ENVIRONMENT)) {
      String name = source.substring(TlsSettings.ENVIRONMENT.length());
      String value = System.getenv(name);
      if (value == null) {
        throw new IllegalArgumentException(
            "password=%s, expected a variable that is set".formatted(source));
      }
      return value.toCharArray();
    }
    Path file = Path.of(source.substring(TlsSettings.FILE.length()));
    try {
      return Files.readString(file).strip().toCharArray();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "%s: the password of the key store cannot be read: %s".formatted(file, e.getMessage()),
          e);
    }
  }
}
