package org.byol4j.cli;

/** What a person is told of signals; asked for by the threads that handle them. */
interface SignalNotice {

  /** After the first signal: what the command does now, and what a second one would do. */
  String stopping();

  /** When the command has been ended by a second one: what is left. */
  String ended();

  /**
   * For a command whose words do not depend on how far it is.
   *
   * @param then what starting it again would do
   */
  static SignalNotice of(String then) {
    return new SignalNotice() {
      @Override
      public String stopping() {
        return "stopping; a second signal ends at once; " + then;
      }

      @Override
      public String ended() {
        return "ended at once by a second signal; " + then;
      }
    };
  }
}
