package org.byol4j.exchange;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.Upload;
import org.byol4j.nn.NetworkSettings;

/**
 * Writes a backbone as an ONNX model (onnx.proto3, opset 17): input {@code images [batch, 3,
 * height, width]}, output {@code features [batch, features]}, with batch, height and width free.
 */
public final class OnnxWriter {
  private static final int IR_VERSION = 8;
  private static final int OPSET = 17;

  /** What Protocol Buffers allow a message. */
  private static final long MAX_BYTES = Integer.MAX_VALUE;

  private OnnxWriter() {}

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
    model.message(7, graph(backbone, network));
    if (model.lengthBytes() > MAX_BYTES) {
      throw new ExchangeException(
          "backbone=%s width=%s: lengthBytes=%d in onnx, expected at most %d; safetensors has no limit"
              .formatted(network.backbone(), network.width(), model.lengthBytes(), MAX_BYTES));
    }
    model.writeTo(to);
  }

  private static ProtoMessage graph(List<NamedTensor> backbone, NetworkSettings network) {
    OnnxGraph graph = new OnnxGraph("backbone");
    backbone.forEach(graph::initializer);
    graph.input("images", List.of("batch", "3", "height", "width"));
    graph.flatten("features", ResNetGraph.draw(backbone, network, graph, "images"));
    graph.output("features", List.of("batch", Integer.toString(network.features())));
    return graph.message();
  }
}
