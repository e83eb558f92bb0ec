package org.byol4j.collective.tcp;

/** The keys for TLS are not where the settings say, or not what they say; nothing was sent. */
public final class TlsKeysException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TlsKeysException(String message) {
    super(message);
  }

  public TlsKeysException(String message, Throwable cause) {
    super(message, cause);
  }
}
