package org.byol4j.device.cuda;

/** cuBLASLt refused something. */
final class CublasException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  CublasException(String message) {
    super(message);
  }
}
