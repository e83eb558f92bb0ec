package org.byol4j.data;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;

/**
 * Makes threads that work ahead give way to those that compute: these meet many times a step, and
 * all wait for one that is interrupted.
 *
 * <p>Java's own thread priorities do nothing on Linux, unless the whole process is privileged.
 */
final class Niceness {
  /** A third of the weight that other threads have; more would starve it beside other processes. */
  private static final int STEP = 5;

  private Niceness() {}

  /** Lowers the priority of the calling thread, which is what {@code nice} (2) does on Linux. */
  static void giveWay() {
    Function nice = NativeLibrary.getInstance("c").getFunction("nice");
    // a system that refuses runs the thread like any other
    int unused = nice.invokeInt(new Object[] {STEP});
  }
}
