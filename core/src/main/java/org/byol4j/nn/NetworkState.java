package org.byol4j.nn;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;

/**
 * Everything that a network remembers: its parameters, their gradients and the running statistics
 * of its normalizations, each in one flat buffer.
 *
 * <p>Running statistics are state, not parameters: no optimizer, average or gradient sum sees them.
 * They stay on the host, where the merged statistics of all replicas arrive anyway.
 */
public final class NetworkState implements AutoCloseable {
  private final ParameterTable table;
  private final Map<String, Slice> slices = new HashMap<>();
  private final Map<String, RunningStatistics> statistics = new HashMap<>();
  private final float[] running;
  private final Tensor weights;
  private final Tensor gradients;

  /**
   * Allocates the state of a network on a device.
   *
   * @param learns whether there are gradients; without, {@link #gradients} is one element that
   *     nobody uses
   */
  NetworkState(Device device, Declarations declarations, boolean learns) {
    this.table = declarations.parameters();
    table.slices().forEach(slice -> slices.put(slice.name(), slice));
    List<RunningRange> ranges = declarations.running();
    this.running = new float[ranges.isEmpty() ? 0 : ranges.get(ranges.size() - 1).end()];
    for (RunningRange range : ranges) {
      statistics.put(range.name(), new RunningStatistics(running, range));
    }
    this.weights = device.allocate(Shape.vector(table.length()));
    this.gradients = device.allocate(Shape.vector(learns ? table.length() : 1));
  }

  /** Which parameter lies where in {@link #weights} and {@link #gradients}. */
  public ParameterTable table() {
    return table;
  }

  /** All parameters, one after the other as the table says. */
  public Tensor weights() {
    return weights;
  }

  /** The gradients, laid out like the parameters; backward passes add to them. */
  public Tensor gradients() {
    return gradients;
  }

  /**
   * The running statistics themselves, not a copy: of each normalization the means, then the
   * variances, in the order of the layers.
   */
  public float[] running() {
    return running;
  }

  @Override
  public void close() {
    weights.close();
    gradients.close();
  }

  Tensor weight(String name) {
    return view(weights, name);
  }

  Tensor gradient(String name) {
    return view(gradients, name);
  }

  RunningStatistics statistics(String name) {
    return statistics.get(name);
  }

  private Tensor view(Tensor flat, String name) {
    Slice slice = slices.get(name);
    return flat.view(slice.offset(), Shape.vector(slice.length()));
  }
}
