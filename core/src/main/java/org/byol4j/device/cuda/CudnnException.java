package org.byol4j.device.cuda;

/** cuDNN refused something. */
final class CudnnException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  CudnnException(String message) {
    super(message);
  }
}
