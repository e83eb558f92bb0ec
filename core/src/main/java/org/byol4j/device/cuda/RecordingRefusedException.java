package org.byol4j.device.cuda;

/** The machine does not record something; it can still be started piece by piece. */
final class RecordingRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RecordingRefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
