package org.byol4j.device;

/**
 * A device does not run on this machine: a GPU, its driver or a library is missing, too old, or
 * made for something else. The message says what, and where to get it.
 */
public final class DeviceUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DeviceUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
