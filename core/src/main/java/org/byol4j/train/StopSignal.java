package org.byol4j.train;

/**
 * A request to end a run early: the step in progress is finished and a checkpoint is written. Any
 * thread may make it.
 */
public final class StopSignal {
  private volatile boolean requested;

  public void request() {
    requested = true;
  }

  public boolean isRequested() {
    return requested;
  }
}
