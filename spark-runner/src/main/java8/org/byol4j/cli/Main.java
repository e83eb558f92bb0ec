package org.byol4j.cli;

import java.lang.reflect.InvocationTargetException;

/**
 * The entry point. It runs on any Java from 8 on, so that it can say which one is needed; all else
 * is in {@code Commands}.
 */
public final class Main {
  private static final int NEEDED = 17;

  // ExitCode.USAGE, which only Java 17 can load
  private static final int USAGE = 64;

  private Main() {}

  /** Runs one command. */
  public static void main(String[] arguments) throws Throwable {
    String fault = faultOf(System.getProperty("java.specification.version"));
    if (!fault.isEmpty()) {
      System.err.println("byol4j: " + fault + ", java.home=" + System.getProperty("java.home"));
      System.exit(USAGE);
    }
    try {
      Class.forName("org.byol4j.cli.Commands")
          .getMethod("main", String[].class)
          .invoke(null, (Object) arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /**
   * What is wrong with a version of Java; empty if nothing is.
   *
   * @param version as Java tells it: {@code 1.8}, {@code 11}, {@code 17}
   */
  static String faultOf(String version) {
    String major = version.startsWith("1.") ? version.substring(2) : version;
    return Integer.parseInt(major) >= NEEDED
        ? ""
        : "this program needs Java " + NEEDED + " or later: java.specification.version=" + version;
  }
}
