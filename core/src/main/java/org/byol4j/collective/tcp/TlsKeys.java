package org.byol4j.collective.tcp;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.UnrecoverableKeyException;
import java.util.Arrays;
import java.util.Collections;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Reads the keys that the settings name. Each fault names the setting, its value and what it is.
 */
public final class TlsKeys {
  private static final String KEY_STORE = "collective.tls.key-store";
  private static final String TRUST_STORE = "collective.tls.trust-store";
  private static final String PASSWORD = "collective.tls.password";

  private TlsKeys() {}

  /** Whether both stores and the source of their password exist where this runs. */
  public static boolean areHere(TlsSettings settings) {
    String source = settings.password();
    boolean hasPassword =
        source.startsWith(TlsSettings.ENVIRONMENT)
            ? System.getenv(variable(source)) != null
            : Files.exists(file(source));
    return hasPassword && Files.exists(settings.keyStore()) && Files.exists(settings.trustStore());
  }

  /**
   * Reads the stores as a replica does, and keeps nothing.
   *
   * @throws TlsKeysException if a file or a password is missing, wrong, or not of use
   */
  public static void check(TlsSettings settings) {
    context(settings);
  }

  /**
   * What TLS needs to know.
   *
   * @throws TlsKeysException if a file or a password is missing, wrong, or not of use
   */
  static SSLContext context(TlsSettings settings) {
    char[] password = password(settings.password());
    try {
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(keyStore(settings, password), password);
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trustStore(settings, password));
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (UnrecoverableKeyException e) {
      throw new TlsKeysException(
          "%s=%s: the key in it has another password than %s=%s"
              .formatted(KEY_STORE, settings.keyStore(), PASSWORD, settings.password()),
          e);
    } catch (GeneralSecurityException e) {
      throw new TlsKeysException(
          "%s=%s %s=%s: of no use for TLS: %s"
              .formatted(
                  KEY_STORE,
                  settings.keyStore(),
                  TRUST_STORE,
                  settings.trustStore(),
                  e.getMessage()),
          e);
    } finally {
      Arrays.fill(password, '\0');
    }
  }

  private static KeyStore keyStore(TlsSettings settings, char[] password)
      throws GeneralSecurityException {
    KeyStore store = store(KEY_STORE, settings.keyStore(), settings.password(), password);
    for (String alias : Collections.list(store.aliases())) {
      if (store.isKeyEntry(alias)) {
        return store;
      }
    }
    throw new TlsKeysException(
        "%s=%s: has no private key, expected one with its certificates"
            .formatted(KEY_STORE, settings.keyStore()));
  }

  private static KeyStore trustStore(TlsSettings settings, char[] password)
      throws GeneralSecurityException {
    KeyStore store = store(TRUST_STORE, settings.trustStore(), settings.password(), password);
    if (store.size() == 0) {
      throw new TlsKeysException(
          "%s=%s: is empty, expected the certificates of the replicas or of who signed them"
              .formatted(TRUST_STORE, settings.trustStore()));
    }
    return store;
  }

  private static KeyStore store(String key, Path file, String source, char[] password)
      throws GeneralSecurityException {
    // reads JKS as well
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, password);
      return store;
    } catch (NoSuchFileException e) {
      throw new TlsKeysException("%s=%s: no such file".formatted(key, file), e);
    } catch (IOException e) {
      String fault =
          e.getCause() instanceof UnrecoverableKeyException
              ? "cannot be opened with the password of %s=%s".formatted(PASSWORD, source)
              : "cannot be read as PKCS #12 or JKS: " + e;
      throw new TlsKeysException("%s=%s: %s".formatted(key, file, fault), e);
    }
  }

  private static char[] password(String source) {
    if (source.startsWith(TlsSettings.ENVIRONMENT)) {
      String value = System.getenv(variable(source));
      if (value == null) {
        throw new TlsKeysException(
            "%s=%s: expected a variable that is set where the replica runs"
                .formatted(PASSWORD, source));
      }
      return value.toCharArray();
    }
    try {
      return Files.readString(file(source)).strip().toCharArray();
    } catch (IOException e) {
      throw new TlsKeysException("%s=%s: cannot be read: %s".formatted(PASSWORD, source, e), e);
    }
  }

  private static String variable(String source) {
    return source.substring(TlsSettings.ENVIRONMENT.length());
  }

  private static Path file(String source) {
    return Path.of(source.substring(TlsSettings.FILE.length()));
  }
}
