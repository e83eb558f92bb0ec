package org.byol4j.collective.tcp;

import java.io.Serializable;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What the replicas of one job know and nobody else: 32 random bytes. The driver draws it and gives
 * it to the tasks; it appears in no message, log or configuration.
 */
public final class JobSecret implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int LENGTH_BYTES = 32;
  private static final String ALGORITHM = "HmacSHA256";

  private final byte[] bytes;

  private JobSecret(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Draws a new secret. */
  public static JobSecret random() {
    byte[] bytes = new byte[LENGTH_BYTES];
    new SecureRandom().nextBytes(bytes);
    return new JobSecret(bytes);
  }

  /** The HMAC-SHA256 (RFC 2104) of the parts, one after the other: 32 bytes. */
  byte[] authenticate(byte[]... parts) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(bytes, ALGORITHM));
      for (byte[] part : parts) {
        mac.update(part);
      }
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JVM has " + ALGORITHM, e);
    }
  }

  /** Says what this is, and nothing of what it holds. */
  @Override
  public String toString() {
    return "JobSecret[hidden]";
  }
}
