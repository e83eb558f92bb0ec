package org.byol4j.exchange;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A graph of Deeplearning4j's layers, as the JSON of its {@code ComputationGraphConfiguration}
 * (1.0.0-M2.1), channels first, and the parameters of its layers in their order. Vertices have
 * torchvision's names. The updater is {@code NoOp}: who trains it on chooses another.
 */
final class Dl4jGraph implements BackboneGraph {
  private static final String LAYERS = "org.deeplearning4j.nn.conf.layers.";
  private static final String VERTICES = "org.deeplearning4j.nn.conf.graph.";
  private static final String ACTIVATIONS = "org.nd4j.linalg.activations.impl.Activation";

  private final Map<String, NamedTensor> tensors = new HashMap<>();
  private final String input;
  private final ObjectNode vertices = JsonNodeFactory.instance.objectNode();
  private final ObjectNode vertexInputs = JsonNodeFactory.instance.objectNode();
  private final List<String> order = new ArrayList<>();
  private final List<String> variables = new ArrayList<>();
  private final List<FloatBuffer> parameters = new ArrayList<>();

  /**
   * @param backbone the tensors that layers are named for
   * @param input the name of the images
   */
  Dl4jGraph(List<NamedTensor> backbone, String input) {
    backbone.forEach(tensor -> tensors.put(tensor.name(), tensor));
    this.input = input;
    order.add(input);
  }

  /** The values of all layers in the order of the graph. */
  List<FloatBuffer> parameters() {
    return parameters;
  }

  @Override
  public String convolution(String name, int kernel, int stride, Pad pad, String x) {
    NamedTensor weight = tensors.get(name + ".weight");
    ObjectNode layer = trained("ConvolutionLayer", name);
    activation(layer, "Identity");
    layer.put("nin", weight.shape().get(1)).put("nout", weight.shape().get(0));
    layer.put("hasBias", false).put("cnn2dDataFormat", "NCHW");
    layer.put("cudnnAlgoMode", "PREFER_FASTEST").put("cudnnAllowFallback", true);
    window(layer, kernel, stride, pad);
    parameter(name, "W", weight.values());
    return add(name, layer, List.of("W"), x);
  }

  @Override
  public String normalization(String name, double epsilon, String x) {
    NamedTensor scale = tensors.get(name + ".weight");
    ObjectNode layer = trained("BatchNormalization", name);
    activation(layer, "Identity");
    int channels = scale.values().remaining();
    layer.put("nin", channels).put("nout", channels);
    layer.put("eps", epsilon).put("decay", 0.9).put("gamma", 1.0).put("beta", 0.0);
    // the variances themselves: its own default keeps the logarithms of their roots
    layer.put("useLogStd", false).put("lockGammaBeta", false).put("minibatch", true);
    layer.put("cnn2DFormat", "NCHW").put("cudnnAllowFallback", true);
    parameter(name, "gamma", scale.values());
    parameter(name, "beta", tensors.get(name + ".bias").values());
    parameter(name, "mean", tensors.get(name + ".running_mean").values());
    parameter(name, "var", tensors.get(name + ".running_var").values());
    return add(name, layer, List.of("gamma", "beta", "mean", "var"), x);
  }

  @Override
  public String relu(String name, String x) {
    ObjectNode layer = layer("ActivationLayer", name);
    activation(layer, "ReLU");
    return add(name, layer, List.of(), x);
  }

  @Override
  public String sum(String name, String x, String y) {
    ObjectNode vertex = JsonNodeFactory.instance.objectNode();
    vertex.put("@class", VERTICES + "ElementWiseVertex").put("op", "Add");
    return connect(name, vertex, x, y);
  }

  @Override
  public String maxPool(String name, int kernel, int stride, Pad pad, String x) {
    ObjectNode layer = layer("SubsamplingLayer", name);
    layer.put("poolingType", "MAX").put("cnn2dDataFormat", "NCHW").put("eps", 1e-8);
    layer.put("cudnnAllowFallback", true);
    window(layer, kernel, stride, pad);
    return add(name, layer, List.of(), x);
  }

  @Override
  public String globalAverage(String name, String x) {
    ObjectNode layer = layer("GlobalPoolingLayer", name);
    layer.put("poolingType", "AVG").put("collapseDimensions", true).put("pnorm", 2);
    return add(name, layer, List.of(), x);
  }

  /**
   * The whole configuration.
   *
   * @param output the vertex whose activations are the graph's output
   */
  ObjectNode configuration(String output) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("backpropType", "Standard").put("cacheMode", "NONE").put("dataType", "FLOAT");
    ObjectNode defaults = layerConfiguration(JsonNodeFactory.instance.objectNode(), variables);
    defaults.putNull("layer");
    root.set("defaultConfiguration", defaults);
    root.put("epochCount", 0).put("iterationCount", 0);
    root.put("inferenceWorkspaceMode", "ENABLED").put("trainingWorkspaceMode", "ENABLED");
    root.putArray("networkInputs").add(input);
    root.putArray("networkOutputs").add(output);
    root.put("tbpttBackLength", 20).put("tbpttFwdLength", 20);
    ArrayNode numbers = root.putArray("topologicalOrder");
    ArrayNode names = root.putArray("topologicalOrderStr");
    for (int i = 0; i < order.size(); i++) {
      numbers.add(i);
      names.add(order.get(i));
    }
    root.put("validateOutputLayerConfig", false);
    root.set("vertexInputs", vertexInputs);
    root.set("vertices", vertices);
    return root;
  }

  private static ObjectNode layer(String type, String name) {
    ObjectNode layer = JsonNodeFactory.instance.objectNode();
    layer.put("@class", LAYERS + type).put("layerName", name);
    return layer.put("gradientNormalization", "None").put("gradientNormalizationThreshold", 1.0);
  }

  private static ObjectNode trained(String type, String name) {
    ObjectNode layer = layer(type, name);
    layer.putObject("iupdater").put("@class", "org.nd4j.linalg.learning.config.NoOp");
    layer.putObject("weightInitFn").put("@class", "org.deeplearning4j.nn.weights.WeightInitXavier");
    layer.putArray("regularization");
    layer.putArray("regularizationBias");
    return layer.put("biasInit", 0.0).put("gainInit", 1.0);
  }

  private static void activation(ObjectNode layer, String name) {
    layer.putObject("activationFn").put("@class", ACTIVATIONS + name);
  }

  private static void window(ObjectNode layer, int kernel, int stride, Pad pad) {
    // of a window that is padded as SAME the layer finds the padding itself
    int padding = pad == Pad.BOTH ? kernel / 2 : 0;
    layer.put("convolutionMode", pad == Pad.BOTH ? "Truncate" : "Same");
    layer.putArray("kernelSize").add(kernel).add(kernel);
    layer.putArray("stride").add(stride).add(stride);
    layer.putArray("padding").add(padding).add(padding);
    layer.putArray("dilation").add(1).add(1);
  }

  private void parameter(String layer, String name, FloatBuffer values) {
    variables.add(layer + "_" + name);
    parameters.add(values);
  }

  private String add(String name, ObjectNode layer, List<String> layerVariables, String x) {
    ObjectNode vertex = JsonNodeFactory.instance.objectNode();
    vertex.put("@class", VERTICES + "LayerVertex");
    ObjectNode configuration = JsonNodeFactory.instance.objectNode();
    configuration.set("layer", layer);
    vertex.set("layerConf", layerConfiguration(configuration, layerVariables));
    vertex.put("outputVertex", false).putNull("preProcessor");
    return connect(name, vertex, x);
  }

  private static ObjectNode layerConfiguration(ObjectNode configuration, List<String> variables) {
    configuration.put("cacheMode", "NONE").put("dataType", "FLOAT");
    configuration.put("epochCount", 0).put("iterationCount", 0).put("seed", 0);
    configuration.put("maxNumLineSearchIterations", 5);
    configuration.put("miniBatch", true).put("minimize", true);
    configuration.put("optimizationAlgo", "STOCHASTIC_GRADIENT_DESCENT");
    ArrayNode names = configuration.putArray("variables");
    variables.forEach(names::add);
    return configuration;
  }

  private String connect(String name, ObjectNode vertex, String... inputs) {
    vertices.set(name, vertex);
    ArrayNode names = vertexInputs.putArray(name);
    for (String vertexInput : inputs) {
      names.add(vertexInput);
    }
    order.add(name);
    return name;
  }
}
