package org.byol4j.device.cuda;

import org.byol4j.device.DeviceMemory;

/**
 * A block of the GPU's memory. Counts its changes, so that whoever derives something from its
 * contents knows when to do it again.
 */
final class GpuMemory {

  private final DeviceMemory.Purpose purpose;
  private final Element element;
  private final long bytes;
  private final long address;
  private volatile long version;
  private volatile boolean closed;

  GpuMemory(DeviceMemory.Purpose purpose, Element element, long bytes, long address) {
    this.purpose = purpose;
    this.element = element;
    this.bytes = bytes;
    this.address = address;
  }

  DeviceMemory.Purpose purpose() {
    return purpose;
  }

  Element element() {
    return element;
  }

  long address() {
    return address;
  }

  long bytes() {
    return bytes;
  }

  /** How often the contents were changed by other than an operation of a plan. */
  long version() {
    return version;
  }

  /** Says that the contents have changed; by one thread at a time. */
  @SuppressWarnings("NonAtomicVolatileUpdate")
  void changed() {
    version++;
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("tensor was closed: bytes=" + bytes);
    }
  }

  void markClosed() {
    closed = true;
  }
}
