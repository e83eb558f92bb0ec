package org.byol4j.data;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;

/**
 * A daemon thread that works ahead of others and gives way to them: the system runs it where they
 * leave a core free. The threads that compute meet many times a step, and all wait for the one that
 * was interrupted; {@code docs/benchmarks/README.md} says what that costs.
 *
 * <p>Java's own thread priorities do nothing on Linux, unless the whole process is privileged.
 */
final class BackgroundThread extends Thread {
  /** Linux' {@code PRIO_PROCESS} with 0, which is the calling thread there. */
  private static final int THREAD = 0;

  private static final int CALLING = 0;

  /** A third of the weight that other threads have; more would starve it beside other processes. */
  private static final int NICE = 5;

  BackgroundThread(Runnable work, String name) {
    super(work, name);
    setDaemon(true);
  }

  @Override
  public void run() {
    Function setPriority = NativeLibrary.getInstance("c").getFunction("setpriority");
    // a system that refuses runs it like any other thread
    int unused = setPriority.invokeInt(new Object[] {THREAD, CALLING, NICE});
    super.run();
  }
}
