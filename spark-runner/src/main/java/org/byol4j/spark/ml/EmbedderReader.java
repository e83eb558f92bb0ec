package org.byol4j.spark.ml;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.MLReader;
import org.byol4j.config.Configuration;
import org.byol4j.exchange.Backbone;
import org.byol4j.exchange.BackboneReader;
import org.byol4j.exchange.ExchangeException;
import org.byol4j.exchange.ModelCard;
import org.byol4j.exchange.SafetensorsFile;
import org.byol4j.nn.Architecture;
import org.byol4j.spark.embed.BackboneModel;
import org.byol4j.train.RunState;

/** Reads what {@link EmbedderWriter} has written. */
final class EmbedderReader extends MLReader<ByolEmbedder> {

  /**
   * {@inheritDoc}
   *
   * @throws ExchangeException if the backbone's file is malformed
   * @throws UncheckedIOException if it cannot be read
   */
  @Override
  public ByolEmbedder load(String path) {
    DefaultParamsReader.Metadata metadata =
        DefaultParamsReader.loadMetadata(path, sc(), ByolEmbedder.class.getName());
    ByolEmbedder embedder = new ByolEmbedder(metadata.uid(), model(path));
    metadata.getAndSetParams(embedder, scala.Option.empty());
    return embedder;
  }

  private BackboneModel model(String path) {
    org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path(path, EmbedderWriter.BACKBONE);
    try {
      FileSystem files = file.getFileSystem(sc().hadoopConfiguration());
      // it is read here and there, which object stores do slowly
      Path copy = Files.createTempFile("byol4j-", ".safetensors");
      try {
        files.copyToLocalFile(false, file, new org.apache.hadoop.fs.Path(copy.toUri()), true);
        return model(copy, file.toString());
      } finally {
        Files.deleteIfExists(copy);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read %s: %s".formatted(file, e), e);
    }
  }

  private static BackboneModel model(Path copy, String origin) {
    try (SafetensorsFile file = SafetensorsFile.open(copy)) {
      String text = file.metadata().getOrDefault(ModelCard.CONFIGURATION, "");
      if (text.isEmpty()) {
        throw new ExchangeException(origin + " holds no configuration");
      }
      Configuration configuration = Configuration.ofText(text, origin, List.of());
      Architecture architecture = new Architecture(configuration.network());
      float[] weights = new float[architecture.backboneParameters()];
      float[] running = new float[architecture.backboneRunningLength()];
      BackboneReader.read(file, Backbone.in(RunState.layout(architecture), weights, running));
      return new BackboneModel(configuration, weights, running);
    }
  }
}
