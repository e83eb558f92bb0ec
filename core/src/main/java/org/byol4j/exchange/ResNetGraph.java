package org.byol4j.exchange;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.byol4j.nn.NetworkSettings;
import org.byol4j.nn.NetworkSettings.PaddingStyle;
import org.byol4j.nn.NetworkSettings.Stem;

/**
 * Draws a backbone as a graph of operators.
 *
 * <p>Which blocks there are, and of which kind, is told by the names of the tensors (He et al.
 * 2015, table 1); strides as {@code nn.ResNet} has them: on the first block of every group but the
 * first, in a bottleneck on its 3x3 convolution.
 */
final class ResNetGraph {
  private static final int GROUPS = 4;

  private final Map<String, NamedTensor> tensors = new HashMap<>();
  private final NetworkSettings network;
  private final BackboneGraph graph;
  private final BackboneGraph.Pad pad;

  private ResNetGraph(List<NamedTensor> backbone, NetworkSettings network, BackboneGraph graph) {
    this.network = network;
    this.graph = graph;
    this.pad =
        network.padding() == PaddingStyle.SAME
            ? BackboneGraph.Pad.SAME_UPPER
            : BackboneGraph.Pad.BOTH;
    backbone.forEach(tensor -> tensors.put(tensor.name(), tensor));
  }

  /**
   * Draws the way from {@code images} to the mean of the last block's output, and returns that.
   *
   * @param backbone the tensors of {@link Backbone}
   */
  static String draw(
      List<NamedTensor> backbone, NetworkSettings network, BackboneGraph graph, String images) {
    return new ResNetGraph(backbone, network, graph).draw(images);
  }

  private String draw(String images) {
    String x = stem(images);
    for (int group = 1; group <= GROUPS; group++) {
      for (int block = 0; has("layer%d.%d.conv1".formatted(group, block)); block++) {
        x = block("layer%d.%d".formatted(group, block), group > 1 && block == 0 ? 2 : 1, x);
      }
    }
    return graph.globalAverage("avgpool", x);
  }

  private String stem(String images) {
    boolean isLarge = network.stem() == Stem.IMAGENET;
    String x = normalized("conv1", "bn1", isLarge ? 2 : 1, images);
    x = graph.relu("relu", x);
    return isLarge ? graph.maxPool("maxpool", 3, 2, pad, x) : x;
  }

  private String block(String name, int stride, String x) {
    boolean isBottleneck = has(name + ".conv3");
    String main = normalized(name + ".conv1", name + ".bn1", isBottleneck ? 1 : stride, x);
    main = graph.relu(name + ".relu1", main);
    main = normalized(name + ".conv2", name + ".bn2", isBottleneck ? stride : 1, main);
    if (isBottleneck) {
      main = graph.relu(name + ".relu2", main);
      main = normalized(name + ".conv3", name + ".bn3", 1, main);
    }
    String shortcut =
        has(name + ".downsample.0")
            ? normalized(name + ".downsample.0", name + ".downsample.1", stride, x)
            : x;
    return graph.relu(name + ".relu", graph.sum(name + ".add", main, shortcut));
  }

  private String normalized(String convolution, String norm, int stride, String x) {
    int kernel = tensors.get(convolution + ".weight").shape().get(2);
    String y = graph.convolution(convolution, kernel, stride, pad, x);
    return graph.normalization(norm, network.epsilon(), y);
  }

  private boolean has(String convolution) {
    return tensors.containsKey(convolution + ".weight");
  }
}
