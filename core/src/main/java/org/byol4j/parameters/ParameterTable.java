package org.byol4j.parameters;

import java.util.List;

/** The slices of a flat parameter buffer, in order and without gaps. */
public record ParameterTable(List<Slice> slices) {

  public ParameterTable {
    slices = List.copyOf(slices);
    long end = 0;
    for (Slice slice : slices) {
      if (slice.offset() != end) {
        throw new IllegalArgumentException(
            "slice=%s starts at %d, expected %d".formatted(slice.name(), slice.offset(), end));
      }
      end = slice.end();
    }
  }

  /** The number of elements. */
  public int length() {
    return slices.isEmpty() ? 0 : Math.toIntExact(slices.get(slices.size() - 1).end());
  }

  /** The number of elements of weights: all but those of biases and of normalizations. */
  public int weights() {
    return slices.stream()
        .filter(slice -> !slice.kind().isNormOrBias())
        .mapToInt(Slice::length)
        .sum();
  }
}
