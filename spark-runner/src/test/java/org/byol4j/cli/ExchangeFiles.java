package org.byol4j.cli;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.LocalStorage;
import org.byol4j.checkpoint.Upload;
import org.byol4j.config.Configuration;
import org.byol4j.exchange.NamedTensor;
import org.byol4j.exchange.SafetensorsWriter;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.Initializer;
import org.byol4j.nn.RunningRange;
import org.byol4j.parameters.Slice;

/** Models as somebody else would have them. */
final class ExchangeFiles {
  private ExchangeFiles() {}

  /** Writes a backbone for a configuration: drawn weights, running means 0.5, variances 2. */
  static void drawBackbone(Path conf, Path file) throws IOException {
    Configuration configuration = Configuration.ofFile(conf, List.of());
    Architecture architecture = new Architecture(configuration.network());
    float[] weights = new Initializer(configuration.network()).draw(architecture.onlineTable(), 77);
    List<NamedTensor> tensors = new ArrayList<>();
    for (Slice slice : architecture.onlineTable().slices()) {
      if (slice.end() <= architecture.backboneParameters()) {
        tensors.add(
            new NamedTensor(
                slice.name().replaceFirst("backbone\\.", ""),
                slice.shape(),
                FloatBuffer.wrap(weights, (int) slice.offset(), slice.length())));
      }
    }
    for (RunningRange range : architecture.onlineRunning()) {
      if (range.name().startsWith("backbone.")) {
        String name = range.name().replaceFirst("backbone\\.", "");
        tensors.add(filled(name + ".running_mean", range.channels(), 0.5f));
        tensors.add(filled(name + ".running_var", range.channels(), 2));
      }
    }
    try (Upload upload = new LocalStorage(file.getParent()).create(file.getFileName().toString())) {
      SafetensorsWriter.write(tensors, Map.of(), upload);
      upload.commit();
    }
  }

  private static NamedTensor filled(String name, int channels, float value) {
    float[] values = new float[channels];
    Arrays.fill(values, value);
    return new NamedTensor(name, List.of(channels), FloatBuffer.wrap(values));
  }
}
