package org.byol4j.spark.ml;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.MLWriter;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.Upload;
import org.byol4j.exchange.Backbone;
import org.byol4j.exchange.ModelCard;
import org.byol4j.exchange.SafetensorsWriter;
import org.byol4j.nn.Architecture;
import org.byol4j.spark.embed.BackboneModel;
import org.byol4j.spark.storage.HadoopStorage;
import org.byol4j.train.RunState;

/**
 * Writes a stage as Spark ML does, and its backbone beside it: {@code metadata/} and {@code
 * backbone.safetensors}, whose metadata hold the configuration.
 */
final class EmbedderWriter extends MLWriter {
  /** The name of the file that holds the backbone. */
  static final String BACKBONE = "backbone.safetensors";

  private final ByolEmbedder embedder;

  EmbedderWriter(ByolEmbedder embedder) {
    this.embedder = embedder;
  }

  @Override
  public void saveImpl(String path) {
    DefaultParamsWriter.saveMetadata(
        embedder, path, sc(), scala.Option.empty(), scala.Option.empty());
    BackboneModel model = embedder.model();
    Path folder = new Path(path);
    try {
      Storage storage = new HadoopStorage(folder.getFileSystem(sc().hadoopConfiguration()), folder);
      try (Upload upload = storage.create(BACKBONE)) {
        SafetensorsWriter.write(
            Backbone.in(
                RunState.layout(new Architecture(model.configuration().network())),
                model.weights(),
                model.running()),
            Map.of(ModelCard.CONFIGURATION, model.configuration().text().toString()),
            upload);
        upload.commit();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write %s: %s".formatted(path, e), e);
    }
  }
}
