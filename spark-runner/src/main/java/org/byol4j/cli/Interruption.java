package org.byol4j.cli;

import org.apache.spark.util.SignalUtils;
import org.byol4j.train.StopSignal;

/**
 * What SIGTERM and Ctrl-C do to a command. One that obeys is asked to stop, so that it can write a
 * checkpoint, and says so; its exit code is then 128 plus the signal's number. A second signal, or
 * one to any other command, ends it at once.
 *
 * <p>A hook of the JVM would not do for that: Spark has one of its own, which ends the replicas.
 * One only says that the command has been ended.
 */
final class Interruption {
  private static final int SIGINT = 2;
  private static final int SIGTERM = 15;
  private static final int SIGNALLED = 128;

  private final StopSignal stop = new StopSignal();
  private final boolean ofThisProcess;
  private volatile int received;
  private volatile boolean isOver;

  private Interruption(boolean ofThisProcess) {
    this.ofThisProcess = ofThisProcess;
  }

  /** By the signals that this process gets. */
  static Interruption ofThisProcess() {
    return new Interruption(true);
  }

  /** By none; this process may be another's. */
  static Interruption never() {
    return new Interruption(false);
  }

  /**
   * Says that this command ends soon after the signal that it is given here.
   *
   * @param notice what is said then, on standard error
   */
  StopSignal obey(SignalNotice notice) {
    if (ofThisProcess) {
      ConsoleObserver console = ConsoleObserver.onStandardError(1);
      SignalUtils.register("INT", () -> receive(SIGINT, notice, console));
      SignalUtils.register("TERM", () -> receive(SIGTERM, notice, console));
      Runtime.getRuntime().addShutdownHook(new Thread(() -> sayEnded(notice, console)));
    }
    return stop;
  }

  /**
   * The exit code of a command that has ended with {@code code}, after which there is nothing left
   * to say: that of the signal, if it is the reason of the end; a failure of another kind stays
   * what it is.
   */
  int exitCode(int code) {
    isOver = true;
    boolean isStopped = code == ExitCode.DONE.number() || code == ExitCode.STOPPED.number();
    return received != 0 && isStopped ? SIGNALLED + received : code;
  }

  /** Takes the first signal; leaves others to the JVM. */
  private synchronized boolean receive(int number, SignalNotice notice, ConsoleObserver console) {
    boolean isFirst = received == 0;
    received = number;
    stop.request();
    if (isFirst) {
      console.says(notice.stopping());
    }
    return isFirst;
  }

  private void sayEnded(SignalNotice notice, ConsoleObserver console) {
    if (received != 0 && !isOver) {
      console.says(notice.ended());
    }
  }
}
