package org.byol4j.cli;

import java.util.concurrent.CountDownLatch;
import org.byol4j.train.StopSignal;

/**
 * What SIGTERM and Ctrl-C do to a command. One that obeys is asked to stop and waited for, so that
 * it can write a checkpoint; the JVM then ends with 128 plus the signal's number. Any other command
 * ends at once.
 */
final class Interruption {
  private final StopSignal stop = new StopSignal();
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean obeyed;

  /** Says that this command ends soon after the signal that it is given here. */
  StopSignal obey() {
    obeyed = true;
    return stop;
  }

  /** Says that the command has ended and told what there is to tell. */
  void commandEnded() {
    ended.countDown();
  }

  /** Asks the command to stop and waits until it has ended; called while the JVM shuts down. */
  void shutDown() {
    stop.request();
    if (!obeyed) {
      return;
    }
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
