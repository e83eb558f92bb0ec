package org.byol4j.exchange;

import java.nio.FloatBuffer;
import java.util.List;

/** A graph of ONNX's operators (onnx.proto3: {@code GraphProto}). */
final class OnnxGraph implements BackboneGraph {
  private static final int FLOAT = 1;
  private static final int ATTRIBUTE_FLOAT = 1;
  private static final int ATTRIBUTE_STRING = 3;
  private static final int ATTRIBUTE_INTS = 7;

  private final ProtoMessage graph = new ProtoMessage();

  OnnxGraph(String name) {
    graph.text(2, name);
  }

  /** Adds the parameters that operators name. */
  void initializer(NamedTensor tensor) {
    ProtoMessage message = new ProtoMessage();
    tensor.shape().forEach(size -> message.integer(1, size));
    FloatBuffer values = tensor.values();
    graph.message(5, message.integer(2, FLOAT).text(8, tensor.name()).floats(9, values));
  }

  /**
   * Declares an input.
   *
   * @param dimensions sizes, or names of sizes that may be any
   */
  void input(String name, List<String> dimensions) {
    graph.message(11, value(name, dimensions));
  }

  /** Declares an output. */
  void output(String name, List<String> dimensions) {
    graph.message(12, value(name, dimensions));
  }

  @Override
  public String convolution(String name, int kernel, int stride, Pad pad, String x) {
    ProtoMessage node = node("Conv", name, List.of(x, name + ".weight"));
    window(node, kernel, stride, pad);
    return add(node, name);
  }

  @Override
  public String normalization(String name, double epsilon, String x) {
    ProtoMessage node =
        node(
            "BatchNormalization",
            name,
            List.of(
                x,
                name + ".weight",
                name + ".bias",
                name + ".running_mean",
                name + ".running_var"));
    node.message(
        5,
        new ProtoMessage()
            .text(1, "epsilon")
            .number(2, (float) epsilon)
            .integer(20, ATTRIBUTE_FLOAT));
    return add(node, name);
  }

  @Override
  public String relu(String name, String x) {
    return add(node("Relu", name, List.of(x)), name);
  }

  @Override
  public String sum(String name, String x, String y) {
    return add(node("Add", name, List.of(x, y)), name);
  }

  @Override
  public String maxPool(String name, int kernel, int stride, Pad pad, String x) {
    ProtoMessage node = node("MaxPool", name, List.of(x));
    window(node, kernel, stride, pad);
    return add(node, name);
  }

  /** The mean over height and width, {@code [batch, channels, height, width]} as before. */
  @Override
  public String globalAverage(String name, String x) {
    return add(node("GlobalAveragePool", name, List.of(x)), name);
  }

  /** Makes {@code [batch, values]} of any tensor, and calls that {@code name}. */
  void flatten(String name, String x) {
    ProtoMessage node = new ProtoMessage().text(1, x).text(4, "Flatten").text(3, name);
    graph.message(1, node.text(2, name));
  }

  /** The graph as it is now. */
  ProtoMessage message() {
    return graph;
  }

  private static ProtoMessage node(String operator, String name, List<String> inputs) {
    ProtoMessage node = new ProtoMessage().text(4, operator).text(3, name);
    inputs.forEach(input -> node.text(1, input));
    return node;
  }

  private String add(ProtoMessage node, String name) {
    String output = name + ".out";
    graph.message(1, node.text(2, output));
    return output;
  }

  private static void window(ProtoMessage node, int kernel, int stride, Pad pad) {
    integers(node, "kernel_shape", kernel, kernel);
    integers(node, "strides", stride, stride);
    int half = kernel / 2;
    switch (pad) {
      case BOTH -> integers(node, "pads", half, half, half, half);
      case SAME_UPPER ->
          node.message(
              5,
              new ProtoMessage()
                  .text(1, "auto_pad")
                  .text(4, "SAME_UPPER")
                  .integer(20, ATTRIBUTE_STRING));
    }
  }

  private static void integers(ProtoMessage node, String name, int... values) {
    ProtoMessage attribute = new ProtoMessage().text(1, name).integer(20, ATTRIBUTE_INTS);
    for (int value : values) {
      attribute.integer(8, value);
    }
    node.message(5, attribute);
  }

  private static ProtoMessage value(String name, List<String> dimensions) {
    ProtoMessage shape = new ProtoMessage();
    for (String dimension : dimensions) {
      boolean isSize = Character.isDigit(dimension.charAt(0));
      shape.message(
          1,
          isSize
              ? new ProtoMessage().integer(1, Long.parseLong(dimension))
              : new ProtoMessage().text(2, dimension));
    }
    ProtoMessage tensor = new ProtoMessage().integer(1, FLOAT).message(2, shape);
    return new ProtoMessage().text(1, name).message(2, new ProtoMessage().message(1, tensor));
  }
}
