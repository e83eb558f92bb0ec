package org.byol4j.cli;

/** The entry point of {@code bin/byol4j}. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    System.out.println("byol4j");
  }
}
