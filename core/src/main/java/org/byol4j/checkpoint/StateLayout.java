package org.byol4j.checkpoint;

import java.util.List;
import java.util.stream.LongStream;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;

/**
 * What the values of the sections are: the tables of the online network, of which the target
 * network's are a prefix.
 *
 * @param parameters the slices of weights, target and momentum
 * @param normalizations the ranges of the running statistics, in order and without gaps
 */
public record StateLayout(ParameterTable parameters, List<Normalization> normalizations) {

  /**
   * Takes a layout.
   *
   * @throws IllegalArgumentException if normalizations leave gaps or overlap, or one has no channel
   */
  public StateLayout {
    normalizations = List.copyOf(normalizations);
    long end = 0;
    for (Normalization normalization : normalizations) {
      if (normalization.channels() < 1 || normalization.offset() != end) {
        throw new IllegalArgumentException(
            "normalization=%s channels=%d offset=%d, expected at least 1 channel and offset=%d"
                .formatted(
                    normalization.name(), normalization.channels(), normalization.offset(), end));
      }
      end = normalization.end();
    }
  }

  /** Says what is wrong with {@code length} values for {@code section}; empty if nothing is. */
  String faultOf(Section section, long length) {
    return switch (section) {
      case WEIGHTS, MOMENTUM -> whole(length, parameters.length());
      case TARGET -> prefix(length, parameters.slices().stream().mapToLong(Slice::end));
      case BATCHNORM_ONLINE ->
          whole(length, normalizations.stream().mapToLong(Normalization::end).max().orElse(0));
      case BATCHNORM_TARGET ->
          prefix(length, normalizations.stream().mapToLong(Normalization::end));
      case RESIDUAL -> multiple(length, parameters.weights());
    };
  }

  private static String whole(long length, long expected) {
    return length == expected ? "" : "%d values, expected %d".formatted(length, expected);
  }

  private static String multiple(long length, long of) {
    return length == 0 || (of > 0 && length % of == 0)
        ? ""
        : "%d values, expected a multiple of %d".formatted(length, of);
  }

  private static String prefix(long length, LongStream ends) {
    return length == 0 || ends.anyMatch(end -> end == length)
        ? ""
        : "%d values, expected a length at which a slice ends".formatted(length);
  }
}
