package org.byol4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.LocalStorage;
import org.byol4j.checkpoint.OutputPath;
import org.byol4j.checkpoint.Section;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.checkpoint.Upload;
import org.byol4j.config.Configuration;
import org.byol4j.exchange.Backbone;
import org.byol4j.exchange.ModelCard;
import org.byol4j.exchange.NamedTensor;
import org.byol4j.exchange.SafetensorsWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code export}: a checkpoint's backbone, for other frameworks. */
@Command(
    name = "export",
    description = {
      "Writes the online backbone of a checkpoint, with its running statistics, for other"
          + " frameworks.",
      "Beside it, in FILE.md, a model card says what it is, how images are prepared and what it was"
          + " trained on."
    })
final class ExportCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Mixin private CheckpointOption trained;

  @Option(
      names = "--format",
      required = true,
      paramLabel = "FORMAT",
      description =
          "safetensors: tensors with torchvision's names; onnx: a graph of opset 17;"
              + " dl4j: a ComputationGraph of Deeplearning4j 1.0.0-M2.1.")
  private ModelFormat format;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The file to write; one that is there is replaced.")
  private Path file;

  @Option(
      names = "--sample",
      paramLabel = "FILE",
      description =
          "Also writes random images and the features that this program makes of them, as"
              + " safetensors: a reader of the model can tell by them whether it reads it rightly.")
  private List<Path> samples = List.of();

  @Mixin private JsonOption json;

  @Override
  public void run() {
    Path cardFile = file.resolveSibling(file.getFileName() + ".md");
    new OutputPath("--out", file).expectFile();
    new OutputPath("card of --out", cardFile).expectFile();
    samples.forEach(sample -> new OutputPath("--sample", sample).expectFile());
    Checkpoint checkpoint = trained.open();
    Configuration configuration = CheckpointOption.configurationOf(checkpoint, List.of());
    ModelCard card =
        new ModelCard(
            checkpoint.manifest(),
            checkpoint.sha256(Section.WEIGHTS),
            checkpoint.sha256(Section.BATCHNORM_ONLINE),
            configuration.network(),
            configuration.augment(),
            configuration.knn().imageSize(),
            MonitoredKnn.of(trained.folder(), configuration, checkpoint.manifest().step()));
    List<NamedTensor> tensors = Backbone.of(checkpoint);
    write(file, upload -> format.write(tensors, card, upload));
    byte[] markdown = card.markdown(file.getFileName().toString()).getBytes(StandardCharsets.UTF_8);
    write(cardFile, upload -> upload.write(ByteBuffer.wrap(markdown)));
    for (Path sample : samples) {
      List<NamedTensor> made = SampleFeatures.of(configuration, checkpoint);
      write(sample, upload -> SafetensorsWriter.write(made, card.metadata(), upload));
    }
    tell(tensors, card);
  }

  /** Writes the contents of a file. */
  @FunctionalInterface
  private interface Contents {
    void writeTo(Upload upload) throws IOException;
  }

  private static void write(Path file, Contents contents) {
    Path whole = file.toAbsolutePath().normalize();
    Storage storage = new LocalStorage(whole.getParent());
    try (Upload upload = storage.create(whole.getFileName().toString())) {
      contents.writeTo(upload);
      upload.commit();
    } catch (IOException e) {
      throw new StorageException("cannot write %s: %s".formatted(file, e), e);
    }
  }

  private void tell(List<NamedTensor> tensors, ModelCard card) {
    long values = tensors.stream().mapToLong(tensor -> tensor.values().remaining()).sum();
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        "%s: %d tensors with %d values, of step %d; card %s.md"
            .formatted(file, tensors.size(), values, card.checkpoint().step(), file));
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("file", file.toString());
    result.put("tensors", tensors.size());
    result.put("values", values);
    result.put("step", card.checkpoint().step());
    json.end(out, result);
  }
}
