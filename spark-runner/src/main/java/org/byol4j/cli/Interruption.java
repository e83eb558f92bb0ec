package org.byol4j.cli;

import org.apache.spark.util.SignalUtils;
import org.byol4j.train.StopSignal;

/**
 * What SIGTERM and Ctrl-C do to a command. One that obeys is asked to stop, so that it can write a
 * checkpoint; its exit code is then 128 plus the signal's number. A second signal, or one to any
 * other command, ends it at once.
 *
 * <p>A hook of the JVM would not do: Spark has one of its own, which ends the replicas.
 */
final class Interruption {
  private static final int SIGINT = 2;
  private static final int SIGTERM = 15;
  private static final int SIGNALLED = 128;

  private final StopSignal stop = new StopSignal();
  private final boolean ofThisProcess;
  private volatile int received;

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

  /** Says that this command ends soon after the signal that it is given here. */
  StopSignal obey() {
    if (ofThisProcess) {
      SignalUtils.register("INT", () -> receive(SIGINT));
      SignalUtils.register("TERM", () -> receive(SIGTERM));
    }
    return stop;
  }

  /**
   * The exit code of a command that ended with {@code code}: that of the signal, if it is the
   * reason of the end; a failure of another kind stays what it is.
   */
  int exitCode(int code) {
    boolean isStopped = code == ExitCode.DONE.number() || code == ExitCode.STOPPED.number();
    return received != 0 && isStopped ? SIGNALLED + received : code;
  }

  /** Takes the first signal; leaves others to the JVM. */
  private boolean receive(int number) {
    boolean isFirst = received == 0;
    received = number;
    stop.request();
    return isFirst;
  }
}
