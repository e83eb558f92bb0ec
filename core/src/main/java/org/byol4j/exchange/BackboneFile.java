package org.byol4j.exchange;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An open file whose description of its tensors was found right; their values have not been read.
 * Close it.
 */
public interface BackboneFile extends AutoCloseable {

  /** What messages name the file. */
  String describe();

  /** The names of all tensors. */
  Set<String> names();

  /** The texts that the file says of itself. */
  Map<String, String> metadata();

  /**
   * Checks that {@code name} is a float32 tensor of {@code shape}.
   *
   * @throws ExchangeException if it is not there or is something else
   */
  void expect(String name, List<Integer> shape);

  /**
   * Reads tensors, which take all memory that there must be for them; their positions stay.
   *
   * @param into tensors that were {@linkplain #expect expected}
   * @throws ExchangeException if a value is not finite, or values are not what was described
   * @throws java.io.UncheckedIOException if the file cannot be read
   */
  void read(List<NamedTensor> into);

  @Override
  void close();
}
