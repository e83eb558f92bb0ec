package org.byol4j.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Where the parameters of a graph of Deeplearning4j lie in its coefficients: layer after layer in
 * the order of the graph, each as its {@code ParamInitializer} of 1.0.0-M2.1 lays it out.
 */
final class Dl4jLayout {
  private static final String LAYERS = "org.deeplearning4j.nn.conf.layers.";
  private static final Set<String> WITHOUT_PARAMETERS =
      Set.of("SubsamplingLayer", "ActivationLayer", "GlobalPoolingLayer", "DropoutLayer");

  /** How a parameter is kept. */
  enum Form {
    /** As it is. */
    PLAIN,
    /** A variance, as the decimal logarithm of its root. */
    LOG_ROOT
  }

  /**
   * A parameter.
   *
   * @param name torchvision's
   * @param begin the index of its first value among the coefficients
   */
  record Entry(String name, List<Integer> shape, long begin, int length, Form form) {}

  private final String file;
  private final List<Entry> entries = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private long end;

  private Dl4jLayout(String file) {
    this.file = file;
  }

  /**
   * Reads a configuration.
   *
   * @param file what messages name it
   * @throws ExchangeException if it is not that of a graph, or has a layer whose parameters are not
   *     known here
   */
  static List<Entry> of(JsonNode configuration, String file) {
    Dl4jLayout layout = new Dl4jLayout(file);
    JsonNode order = configuration.path("topologicalOrderStr");
    if (!order.isArray() || !configuration.path("vertices").isObject()) {
      throw layout.fault(
          "no graph", "expected vertices and topologicalOrderStr, as a ComputationGraph has them");
    }
    for (JsonNode name : order) {
      JsonNode vertex = configuration.path("vertices").path(name.asText());
      if (vertex.has("layerConf")) {
        layout.add(name.asText(), vertex.path("layerConf").path("layer"));
      }
    }
    return List.copyOf(layout.entries);
  }

  private ExchangeException fault(String what, String expected) {
    return new ExchangeException(
        "%s: %s: %s, %s"
            .formatted(file, Dl4jWriter.CONFIGURATION, SafetensorsHeader.shown(what), expected));
  }

  private void add(String name, JsonNode layer) {
    String type = layer.path("@class").asText();
    String kind = type.startsWith(LAYERS) ? type.substring(LAYERS.length()) : type;
    switch (kind) {
      case "ConvolutionLayer" -> convolution(name, layer);
      case "BatchNormalization" -> normalization(name, layer);
      case "DenseLayer", "OutputLayer" -> dense(name, layer);
      default -> {
        if (!WITHOUT_PARAMETERS.contains(kind)) {
          throw fault(
              "%s is of class=%s".formatted(name, type),
              "expected layers of a residual network: convolution, batch normalization, pooling, activation, dense");
        }
      }
    }
  }

  private void convolution(String name, JsonNode layer) {
    int in = size(name, layer, "nin");
    int out = size(name, layer, "nout");
    JsonNode kernel = layer.path("kernelSize");
    if (layer.path("hasBias").asBoolean(true)) {
      // before the weights
      entry(name + ".bias", List.of(out), Form.PLAIN);
    }
    entry(
        name + ".weight",
        List.of(out, in, size(name, kernel, 0), size(name, kernel, 1)),
        Form.PLAIN);
  }

  private void normalization(String name, JsonNode layer) {
    List<Integer> channels = List.of(size(name, layer, "nout"));
    if (!layer.path("lockGammaBeta").asBoolean(false)) {
      entry(name + ".weight", channels, Form.PLAIN);
      entry(name + ".bias", channels, Form.PLAIN);
    }
    entry(name + ".running_mean", channels, Form.PLAIN);
    entry(
        name + ".running_var",
        channels,
        layer.path("useLogStd").asBoolean(true) ? Form.LOG_ROOT : Form.PLAIN);
  }

  private void dense(String name, JsonNode layer) {
    int in = size(name, layer, "nin");
    int out = size(name, layer, "nout");
    entry(name + ".weight", List.of(in, out), Form.PLAIN);
    if (layer.path("hasBias").asBoolean(true)) {
      entry(name + ".bias", List.of(out), Form.PLAIN);
    }
  }

  private int size(String name, JsonNode layer, String key) {
    return checked(name, layer.path(key), key);
  }

  private int size(String name, JsonNode kernel, int index) {
    return checked(name, kernel.path(index), "kernelSize[%d]".formatted(index));
  }

  private int checked(String name, JsonNode value, String key) {
    if (!value.canConvertToInt() || !value.isIntegralNumber() || value.intValue() < 1) {
      throw fault("%s has %s=%s".formatted(name, key, value), "expected a whole number from 1 on");
    }
    return value.intValue();
  }

  private void entry(String name, List<Integer> shape, Form form) {
    long length = 1;
    for (int size : shape) {
      length *= size;
      if (length > Integer.MAX_VALUE) {
        throw fault("%s has shape=%s".formatted(name, shape), "expected fewer than 2^31 values");
      }
    }
    if (!names.add(name)) {
      throw fault("%s comes twice".formatted(name), "expected each name once");
    }
    entries.add(new Entry(name, shape, end, (int) length, form));
    end += length;
  }
}
