package org.byol4j.checkpoint;

/**
 * The elements of a section that one replica owns, and writes: {@code [first, first +
 * values.length())}, which may be none.
 *
 * @param sectionLength the number of values of the whole section
 * @param first the index in the section of the first value
 * @param values the values, counted from 0
 */
public record OwnedRange(long sectionLength, long first, Floats values) {

  /**
   * Takes a range, not a copy of its values.
   *
   * @throws IllegalArgumentException if it does not lie within the section
   */
  public OwnedRange {
    if (first < 0 || first + values.length() > sectionLength) {
      throw new IllegalArgumentException(
          "first=%d elements=%d, expected a range within [0, %d]"
              .formatted(first, values.length(), sectionLength));
    }
  }

  /** All of a section. */
  public static OwnedRange whole(Floats values) {
    return new OwnedRange(values.length(), 0, values);
  }

  /** Nothing of a section, which others write. */
  public static OwnedRange nothing(long sectionLength) {
    return new OwnedRange(sectionLength, 0, Floats.of(new float[0]));
  }

  /** The index behind the last value. */
  long end() {
    return first + values.length();
  }

  boolean isEmpty() {
    return values.length() == 0;
  }
}
