package org.byol4j.config;

/** A range of numbers that a key may have. */
record Interval(double low, boolean withLow, double high, boolean withHigh) {

  static final Interval FRACTION = closed(0, 1);
  static final Interval POSITIVE = new Interval(0, false, Double.MAX_VALUE, true);
  static final Interval NOT_NEGATIVE = closed(0, Double.MAX_VALUE);

  static Interval closed(double low, double high) {
    return new Interval(low, true, high, true);
  }

  /** From {@code low} itself up to, but without, {@code high}. */
  static Interval below(double low, double high) {
    return new Interval(low, true, high, false);
  }

  /** Above {@code low}, up to {@code high} itself. */
  static Interval above(double low, double high) {
    return new Interval(low, false, high, true);
  }

  boolean contains(double value) {
    return (withLow ? value >= low : value > low) && (withHigh ? value <= high : value < high);
  }

  @Override
  public String toString() {
    String from = (withLow ? "from " : "above ") + plain(low);
    if (high == Double.MAX_VALUE) {
      return from.replace("from ", "of at least ");
    }
    return from + (withHigh ? " to " : " to below ") + plain(high);
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
