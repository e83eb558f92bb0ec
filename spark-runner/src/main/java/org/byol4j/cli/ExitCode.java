package org.byol4j.cli;

/** What the exit code of a command says, after BSD's {@code sysexits.h}. */
enum ExitCode {
  /** The command did what it was asked. */
  DONE(0),
  /** The command line or the configuration is wrong. */
  USAGE(64),
  /** The images, or a run's files, cannot be read or are not what was expected. */
  DATA(65),
  /**
   * The machine lacks what the settings need, such as a GPU, its driver, or memory on it; or {@code
   * doctor} has found what would keep the run from starting, or end it.
   */
  UNFIT(69),
  /**
   * A fault of ours, a training that ran out of finite numbers or whose replicas diverged, or a
   * replica that sent what none sends.
   */
  INTERNAL(70),
  /** The same command may succeed later: a full disk, a folder that is not writable. */
  RETRY(75),
  /**
   * Somebody asked it to stop before it was done: as after SIGTERM, where it was not another
   * signal.
   */
  STOPPED(143);

  private final int number;

  ExitCode(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
