package org.byol4j.device.onednn;

import org.byol4j.device.HostMemory;
import org.bytedeco.javacpp.Pointer;

/**
 * Whether there is native memory for this process, all devices of it together, and why not.
 *
 * <p>Linux gives more than there is and kills who writes to it, and memory here is written to as
 * soon as it is given. So what could never be held is refused before it is asked for: more than
 * machine or control group have in all. What is merely not free now is left to the system.
 */
final class NativeRoom {
  private final HostMemory host;
  private final long totalBytes;

  NativeRoom(HostMemory host) {
    this.host = host;
    this.totalBytes = host.room().totalBytes();
  }

  /**
   * Why memory is not to be had.
   *
   * @param message names the sizes and the reason
   * @param freeBytes what there was of what was lacking
   * @param totalBytes all of it
   */
  record Shortage(String message, long freeBytes, long totalBytes) {}

  /** Whether so many bytes more may be held, if everything else makes way. */
  boolean canHold(long bytes) {
    return bytes <= totalBytes - Pointer.totalBytes();
  }

  /** Why {@code bytes} that cannot be held are not asked for. */
  Shortage ofAll(long bytes) {
    return ofHost(bytes(bytes), "more than the machine or its control group has in all");
  }

  /** Why oneDNN could not make something. */
  Shortage ofLibrary(String what) {
    return ofHost(what, "oneDNN is refused memory of its own");
  }

  /** Why {@code bytes} were refused. */
  Shortage of(long bytes, OutOfMemoryError refusal) {
    if (isAboutLimit(refusal, "maxBytes")) {
      return ofLimit(bytes, "maxBytes", Pointer.maxBytes(), Pointer.totalBytes());
    }
    if (isAboutLimit(refusal, "maxPhysicalBytes")) {
      return ofLimit(
          bytes, "maxPhysicalBytes", Pointer.maxPhysicalBytes(), Pointer.physicalBytes());
    }
    return ofHost(bytes(bytes), "the system refuses it");
  }

  /** JavaCPP tells of its own limits, and of a system that gives no memory, by the same error. */
  private static boolean isAboutLimit(OutOfMemoryError refusal, String limit) {
    Throwable reason = refusal.getCause() == null ? refusal : refusal.getCause();
    return String.valueOf(reason.getMessage()).contains("> " + limit + " ");
  }

  private Shortage ofHost(String what, String reason) {
    HostMemory.Room room = host.room();
    long free = Math.min(room.freeBytes(), room.totalBytes() - Pointer.totalBytes());
    return shortage(what, reason, free, room.totalBytes());
  }

  private static Shortage ofLimit(long bytes, String name, long limit, long used) {
    String reason = "JavaCPP's limit: raise -Dorg.bytedeco.javacpp.%s, 0 for no limit";
    return shortage(bytes(bytes), reason.formatted(name), limit - used, limit);
  }

  private static String bytes(long bytes) {
    return "bytes=" + bytes;
  }

  private static Shortage shortage(String what, String reason, long free, long total) {
    long left = Math.max(0, free);
    return new Shortage(
        "cannot allocate native memory: %s inUseBytes=%d freeBytes=%d totalBytes=%d, %s"
            .formatted(what, Pointer.totalBytes(), left, total, reason),
        left,
        total);
  }
}
