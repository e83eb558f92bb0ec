package org.byol4j.doctor;

import java.io.Serializable;

/**
 * One thing that was looked at.
 *
 * @param subject what it is, in a word or two
 * @param level whether it is as it should be
 * @param state what was found, with its values
 * @param advice what to change; empty where nothing has to be
 */
public record Finding(String subject, Level level, String state, String advice)
    implements Serializable {

  /** What a finding means for a run. */
  public enum Level {
    /** As it should be, or of no matter for this configuration. */
    FINE,
    /** The run will go, slower or less safely than it could. */
    WARNING,
    /** The run would not start, or would end. */
    FAULT
  }

  static Finding fine(String subject, String state) {
    return new Finding(subject, Level.FINE, state, "");
  }

  static Finding warning(String subject, String state, String advice) {
    return new Finding(subject, Level.WARNING, state, advice);
  }

  static Finding fault(String subject, String state, String advice) {
    return new Finding(subject, Level.FAULT, state, advice);
  }
}
