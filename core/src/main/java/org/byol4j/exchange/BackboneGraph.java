package org.byol4j.exchange;

/**
 * A graph of operators in some format, which grows from its input to its output. Each operator is
 * named for its parameters and returns what stands for its output as an input of others.
 */
interface BackboneGraph {

  /** Where a strided window is padded. */
  enum Pad {
    /** By half the window on all sides. */
    BOTH,
    /** As TensorFlow's SAME: as much as the output's size needs, the larger share at the end. */
    SAME_UPPER
  }

  /** A square convolution without bias by the parameters {@code name.weight}. */
  String convolution(String name, int kernel, int stride, Pad pad, String x);

  /**
   * Batch normalization with {@code name.weight, .bias} and the running statistics {@code
   * name.running_mean, .running_var}.
   */
  String normalization(String name, double epsilon, String x);

  String relu(String name, String x);

  String sum(String name, String x, String y);

  String maxPool(String name, int kernel, int stride, Pad pad, String x);

  /** The mean over height and width. */
  String globalAverage(String name, String x);
}
