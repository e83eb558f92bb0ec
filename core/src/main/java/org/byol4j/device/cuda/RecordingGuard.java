package org.byol4j.device.cuda;

/**
 * Knows whether a recording is under way, in which nobody may wait or ask for memory, and keeps
 * other threads from starting anything meanwhile.
 */
final class RecordingGuard {
  private boolean recording;

  /** Runs {@code work} as what is recorded. */
  synchronized void record(Runnable work) {
    requireNone("recording");
    recording = true;
    try {
      work.run();
    } finally {
      recording = false;
    }
  }

  /** Runs {@code work} when no recording is under way. */
  synchronized void apart(String what, Runnable work) {
    requireNone(what);
    work.run();
  }

  /**
   * Called before something that a recording cannot have in it.
   *
   * @param what is about to be done
   * @throws ViolationException if the calling thread records
   */
  synchronized void requireNone(String what) {
    if (recording) {
      throw new ViolationException(
          what + " within a recording, which would be started again without it");
    }
  }

  /** Something was done in a recording that cannot be there: a fault of this program. */
  static final class ViolationException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    private ViolationException(String message) {
      super(message);
    }
  }
}
