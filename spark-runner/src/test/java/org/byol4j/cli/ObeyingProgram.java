package org.byol4j.cli;

import java.util.concurrent.TimeUnit;

/** A program that was asked to stop and never does, as one that writes a large checkpoint. */
final class ObeyingProgram {
  private ObeyingProgram() {}

  public static void main(String[] arguments) throws InterruptedException {
    Interruption.ofThisProcess().obey(SignalNotice.of("then nothing"));
    System.out.println("ready");
    TimeUnit.MINUTES.sleep(5);
  }
}
