package org.byol4j.collective.tcp;

import java.io.IOException;
import java.security.cert.CertificateException;
import java.util.List;
import javax.net.ssl.SSLException;

/** What a failure of TLS means to somebody who has to put it right. */
final class TlsFailure {
  /** The alerts of RFC 8446, 6.2, by which the other end says that it does not take ours. */
  private static final List<String> OF_OUR_CERTIFICATE =
      List.of(
          "bad_certificate",
          "certificate_expired",
          "certificate_required",
          "certificate_revoked",
          "certificate_unknown",
          "unknown_ca",
          "unsupported_certificate");

  private TlsFailure() {}

  /** The failure as the end of a connection that is seen from here. */
  static IOException of(SSLException failure) {
    StrayException told = new StrayException(describe(failure));
    told.initCause(failure);
    return told;
  }

  private static String describe(SSLException failure) {
    String reason = String.valueOf(failure.getMessage());
    if (isOfTheirCertificate(failure)) {
      return "TLS: collective.tls.trust-store does not trust its certificate: " + reason;
    }
    boolean isOfOurs =
        reason.contains("fatal alert") && OF_OUR_CERTIFICATE.stream().anyMatch(reason::contains);
    return isOfOurs
        ? "TLS: it does not trust the certificate of collective.tls.key-store: " + reason
        : "TLS: " + reason;
  }

  private static boolean isOfTheirCertificate(SSLException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateException) {
        return true;
      }
    }
    // who connects is told whom this end trusts, and shows nothing that is of nobody among them
    return String.valueOf(failure.getMessage()).startsWith("Empty client certificate chain");
  }
}
