package org.byol4j.cli;

import java.io.IOException;
import java.util.List;
import org.byol4j.checkpoint.Upload;
import org.byol4j.exchange.ModelCard;
import org.byol4j.exchange.NamedTensor;
import org.byol4j.exchange.SafetensorsWriter;

/** How a model is written down. */
enum ModelFormat {
  /** Named tensors, and the card's contents as metadata. */
  SAFETENSORS {
    @Override
    void write(List<NamedTensor> tensors, ModelCard card, Upload to) throws IOException {
      SafetensorsWriter.write(tensors, card.metadata(), to);
    }
  };

  /** Writes a backbone; does not commit it. */
  abstract void write(List<NamedTensor> tensors, ModelCard card, Upload to) throws IOException;
}
