package org.byol4j.exchange;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.Upload;
import org.byol4j.nn.NetworkSettings;
import org.byol4j.nn.NetworkSettings.PaddingStyle;
import org.byol4j.nn.NetworkSettings.Stem;

/**
 * Writes a backbone as an ONNX model (onnx.proto3, opset 17): input {@code images [batch, 3,
 * height, width]}, output {@code features [batch, features]}, with batch, height and width free.
 *
 * <p>Which blocks there are, and of which kind, is told by the names of the tensors (He et al.
 * 2015, table 1); strides as {@code nn.ResNet} has them: on the first block of every group but the
 * first, in a bottleneck on its 3x3 convolution.
 */
public final class OnnxWriter {
  private static final int IR_VERSION = 8;
  private static final int OPSET = 17;

  /** What Protocol Buffers allow a message. */
  private static final long MAX_BYTES = Integer.MAX_VALUE;

  private static final int GROUPS = 4;

  private final Map<String, NamedTensor> tensors = new HashMap<>();
  private final NetworkSettings network;
  private final OnnxGraph graph = new OnnxGraph("backbone");
  private final OnnxGraph.Pad pad;

  private OnnxWriter(List<NamedTensor> backbone, NetworkSettings network) {
    this.network = network;
    this.pad =
        network.padding() == PaddingStyle.SAME ? OnnxGraph.Pad.SAME_UPPER : OnnxGraph.Pad.BOTH;
    backbone.forEach(tensor -> tensors.put(tensor.name(), tensor));
    backbone.forEach(graph::initializer);
  }

  /**
   * Writes a whole file; does not commit it.
   *
   * @param backbone the tensors of {@link Backbone}
   * @param network the network that they are of
   * @param metadata what else the file says of itself, texts by name
   * @throws ExchangeException if it would be longer than 2 GiB, which no reader takes
   * @throws IOException if {@code to} refuses
   */
  public static void write(
      List<NamedTensor> backbone, NetworkSettings network, Map<String, String> metadata, Upload to)
      throws IOException {
    ProtoMessage model =
        new ProtoMessage()
            .integer(1, IR_VERSION)
            .text(2, "byol4j")
            .message(8, new ProtoMessage().text(1, "").integer(2, OPSET));
    metadata.forEach(
        (key, value) -> model.message(14, new ProtoMessage().text(1, key).text(2, value)));
    model.message(7, new OnnxWriter(backbone, network).build());
    if (model.lengthBytes() > MAX_BYTES) {
      throw new ExchangeException(
          "backbone=%s width=%s: lengthBytes=%d in onnx, expected at most %d; safetensors has no limit"
              .formatted(network.backbone(), network.width(), model.lengthBytes(), MAX_BYTES));
    }
    model.writeTo(to);
  }

  private ProtoMessage build() {
    graph.input("images", List.of("batch", "3", "height", "width"));
    String x = stem("images");
    for (int group = 1; group <= GROUPS; group++) {
      for (int block = 0; has("layer%d.%d.conv1".formatted(group, block)); block++) {
        x = block("layer%d.%d".formatted(group, block), group > 1 && block == 0 ? 2 : 1, x);
      }
    }
    graph.flatten("features", graph.globalAverage("avgpool", x));
    graph.output("features", List.of("batch", Integer.toString(network.features())));
    return graph.message();
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
