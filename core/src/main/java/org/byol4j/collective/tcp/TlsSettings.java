package org.byol4j.collective.tcp;

import java.nio.file.Path;

/**
 * Where a replica's key and the certificates that it trusts come from. Both ends of a connection
 * show a certificate.
 *
 * @param keyStore a PKCS #12 or JKS file with one private key and its certificates
 * @param trustStore a PKCS #12 or JKS file with the certificates that are trusted
 * @param password where the password of both stores comes from: {@code env:NAME} or {@code
 *     file:PATH}
 */
public record TlsSettings(Path keyStore, Path trustStore, String password) {

  /** How {@code password} starts if it names a variable of the environment. */
  public static final String ENVIRONMENT = "env:";

  /** How {@code password} starts if it names a file. */
  public static final String FILE = "file:";

  /**
   * Takes settings; opens no file yet.
   *
   * @throws IllegalArgumentException if {@code password} is neither {@code env:NAME} nor {@code
   *     file:PATH}; the message does not show it
   */
  public TlsSettings {
    if (!password.startsWith(ENVIRONMENT) && !password.startsWith(FILE)) {
      // the value may be the password itself: it is not shown
      throw new IllegalArgumentException(
          "the password of the key store is neither env:NAME nor file:PATH");
    }
  }
}
