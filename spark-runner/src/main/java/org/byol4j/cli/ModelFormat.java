package org.byol4j.cli;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.Upload;
import org.byol4j.exchange.Dl4jWriter;
import org.byol4j.exchange.ModelCard;
import org.byol4j.exchange.NamedTensor;
import org.byol4j.exchange.OnnxWriter;
import org.byol4j.exchange.SafetensorsWriter;

/** How a model is written down. */
enum ModelFormat {
  /** Named tensors, and the card's contents as metadata. */
  SAFETENSORS {
    @Override
    void write(List<NamedTensor> tensors, ModelCard card, Upload to) throws IOException {
      Map<String, String> texts = new LinkedHashMap<>();
      // the readers of Hugging Face ask for it: names and layouts are torch's
      texts.put("format", "pt");
      texts.putAll(card.metadata());
      SafetensorsWriter.write(tensors, texts, to);
    }
  },

  /** A graph that runtimes run as it is, and the card's contents as metadata. */
  ONNX {
    @Override
    void write(List<NamedTensor> tensors, ModelCard card, Upload to) throws IOException {
      OnnxWriter.write(tensors, card.network(), card.metadata(), to);
    }
  },

  /** A graph of Deeplearning4j's layers, and the card's contents in a file of their own. */
  DL4J {
    @Override
    void write(List<NamedTensor> tensors, ModelCard card, Upload to) throws IOException {
      Dl4jWriter.write(tensors, card.network(), card.metadata(), to);
    }
  };

  /** Writes a backbone; does not commit it. */
  abstract void write(List<NamedTensor> tensors, ModelCard card, Upload to) throws IOException;
}
