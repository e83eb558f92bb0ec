package org.byol4j.config;

/**
 * One thing that is wrong with a configuration.
 *
 * @param key the key, such as {@code train.batch-size}
 * @param value its value as written
 * @param problem what is wrong, as the end of a sentence that starts with {@code key=value}
 * @param place the file and line, the option of the command line, or empty if there is none
 * @param allowed what would be right, or empty if that is clear from the problem
 */
public record Fault(String key, String value, String problem, String place, String allowed) {

  /** One line, such as {@code train.epochs=0 is out of range (a.conf: 3); allowed: ...}. */
  @Override
  public String toString() {
    return key
        + (value.isEmpty() ? " " : "=" + value + " ")
        + problem
        + (place.isEmpty() ? "" : " (" + place + ")")
        + (allowed.isEmpty() ? "" : "; allowed: " + allowed);
  }
}
