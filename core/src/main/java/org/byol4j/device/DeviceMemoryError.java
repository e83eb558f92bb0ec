package org.byol4j.device;

/** A device has less memory than it was asked for; says what the rest is used for. */
public final class DeviceMemoryError extends OutOfMemoryError {
  private static final long serialVersionUID = 1L;

  private final transient DeviceMemory memory;

  /**
   * @param memory at the time of the request, without what was asked for
   */
  public DeviceMemoryError(String message, DeviceMemory memory) {
    super(message);
    this.memory = memory;
  }

  /** What the memory was used for. */
  public DeviceMemory memory() {
    return memory;
  }
}
