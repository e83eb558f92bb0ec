package org.byol4j.cli;

import java.io.PrintWriter;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.data.DataException;
import org.byol4j.data.ImageStore;
import org.byol4j.eval.KnnResult;
import org.byol4j.spark.ImagesHere;
import org.byol4j.spark.storage.Places;
import org.byol4j.train.StopSignal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code knn}: how good the features of a checkpoint are. */
@Command(
    name = "knn",
    description = {
      "Classifies test images by their nearest neighbours among training images: cosine similarity"
          + " of the online backbone's features.",
      "The class of an image is the name of its folder."
    })
final class KnnCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** Whose features. */
  private enum FeatureKind {
    TRAINED,
    UNTRAINED,
    PIXELS
  }

  @Mixin private CheckpointOption trained;

  @Option(
      names = "--train",
      required = true,
      paramLabel = "PATH",
      description =
          "The images that vote: a folder, a .tar or a .tar.gz; Parquet with columns bytes, id and"
              + " label; what ingest wrote. A path, or a URI of Hadoop: hdfs:, s3a:.")
  private String train;

  @Option(
      names = "--test",
      required = true,
      paramLabel = "PATH",
      description = "The images that are classified: as for --train.")
  private String test;

  @Option(
      names = "--k",
      paramLabel = "N",
      defaultValue = "200",
      description = "How many neighbours vote; default: ${DEFAULT-VALUE}.")
  private String k;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0.1",
      description = "What similarities are divided by; default: ${DEFAULT-VALUE}.")
  private String temperature;

  @Option(
      names = "--features",
      paramLabel = "KIND",
      defaultValue = "trained",
      description =
          "trained; untrained: the same network as it was drawn; pixels. Default:"
              + " ${DEFAULT-VALUE}.")
  private FeatureKind features;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads to compute with; default: as many as the run had.")
  private List<String> threads = List.of();

  @Mixin private JsonOption json;

  @Override
  public void run() {
    Checkpoint checkpoint = trained.open();
    Configuration configuration = CheckpointOption.configurationOf(checkpoint, assignments());
    Places.expectFileSystem("--train", train, configuration.cluster().spark());
    Places.expectFileSystem("--test", test, configuration.cluster().spark());
    try (TemporaryFolder trainFolder = new TemporaryFolder();
        TemporaryFolder testFolder = new TemporaryFolder()) {
      KnnEvaluation evaluation =
          new KnnEvaluation(
              configuration,
              store(train, trainFolder, configuration),
              store(test, testFolder, configuration));
      tell(
          switch (features) {
            case TRAINED -> evaluation.trained(checkpoint);
            case UNTRAINED -> evaluation.untrained();
            case PIXELS -> evaluation.pixels();
          },
          configuration.knn().k());
    }
  }

  private List<Assignment> assignments() {
    List<Assignment> assignments = new ArrayList<>();
    assignments.add(new Assignment("--k", "knn.k=" + k));
    assignments.add(new Assignment("--temperature", "knn.temperature=" + temperature));
    for (String number : threads) {
      assignments.add(new Assignment("--threads", "compute.threads=" + number));
      assignments.add(new Assignment("--threads", "data.workers=" + number));
    }
    return assignments;
  }

  /** A signal ends this command at once: nobody asks it to stop. */
  private static ImageStore store(
      String path, TemporaryFolder folder, Configuration configuration) {
    StopSignal never = new StopSignal();
    ImageStore store =
        new ImagesHere(
                configuration,
                never,
                ConsoleObserver.onStandardError(1),
                new BuildProgress(Clock.systemUTC(), never))
            .store(path, folder.path());
    if (store.manifest().classes().isEmpty()) {
      throw new DataException(
          "no classes: path=%s; expected images in folders that are named for their class"
              .formatted(path));
    }
    return store;
  }

  private void tell(KnnResult result, int asked) {
    PrintWriter out = spec.commandLine().getOut();
    if (result.k() < asked) {
      PrintWriter err = spec.commandLine().getErr();
      err.println(
          "note: k=%d, as many as there are to vote; asked for %d".formatted(result.k(), asked));
      err.flush();
    }
    out.println(
        String.format(
            Locale.ROOT,
            "top-1 %.2f %%, top-5 %.2f %%: %d test images by %d training images, k=%d",
            100 * result.top1(),
            100 * result.top5(),
            result.testRows(),
            result.trainRows(),
            result.k()));
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("top1", result.top1());
    values.put("top5", result.top5());
    values.put("n_train", result.trainRows());
    values.put("n_test", result.testRows());
    values.put("k", result.k());
    json.end(out, values);
  }
}
