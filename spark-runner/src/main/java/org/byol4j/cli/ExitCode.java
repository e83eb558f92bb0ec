package org.byol4j.cli;

/** What the exit code of a command says, after BSD's {@code sysexits.h}. */
enum ExitCode {
  /** The command did what it was asked. */
  DONE(0),
  /** The command line or the configuration is wrong. */
  USAGE(64),
  /** The images, or a run's files, cannot be read or are not what was expected. */
  DATA(65),
  /** A fault of ours, or a training that ran out of finite numbers. */
  INTERNAL(70),
  /** The same command may succeed later: a full disk, a folder that is not writable. */
  RETRY(75);

  private final int number;

  ExitCode(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
