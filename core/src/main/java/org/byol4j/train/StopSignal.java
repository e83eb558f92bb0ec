package org.byol4j.train;

/**
 * A request to end a run early: the step in progress is finished and a checkpoint is written. Any
 * thread may make it.
 */
public final class StopSignal {
  private volatile boolean requested;

  /** Asks the run to end; there is no taking back, and asking again changes nothing. */
  public void request() {
    requested = true;
  }

  /** Whether anybody has asked so far. */
  public boolean isRequested() {
    return requested;
  }
}
