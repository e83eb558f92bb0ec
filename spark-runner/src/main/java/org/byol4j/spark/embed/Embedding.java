package org.byol4j.spark.embed;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.Partitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.TaskCompletionListener;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.Storage;
import org.byol4j.data.DataException;
import org.byol4j.spark.input.NumberedImages;
import org.byol4j.spark.input.OutputFolder;
import org.byol4j.spark.input.Second;
import org.byol4j.spark.input.ShardRow;
import org.byol4j.spark.input.SparkFailure;
import org.byol4j.spark.storage.HadoopStorage;
import org.byol4j.spark.storage.Places;
import scala.Tuple2;

/**
 * Makes the features of all good images of a source and writes them as Parquet, by tasks of Spark.
 * The same images give the same rows to the bit, whatever they lie in and wherever it runs with the
 * same {@code compute} settings.
 *
 * <p>A source that was not ingested is read twice: to find out which images are good, and to make
 * features. A shuffle brings images that follow each other to the file that they belong to. Started
 * again, it goes on behind the parts that were checked and the files that were written.
 */
public final class Embedding {
  /** A task's work, and what is lost when one is: 16 batches. */
  private static final int ROWS_PER_FILE = 1024;

  private static final String BAD_IMAGES = "_bad-images.tsv";

  private static final Pattern OURS = Pattern.compile("_.*|features-\\d{5,}\\.parquet");

  private final JavaSparkContext spark;
  private final Checkpoint checkpoint;
  private final BackboneModel model;
  private final String data;
  private final String out;

  /**
   * An embedding of {@code data}.
   *
   * @param checkpoint where the model is from
   * @param data a folder of images, a tar archive, a table in Parquet or an ingested data set: a
   *     path or a URI of Hadoop
   * @param out the folder that is written
   */
  public Embedding(
      JavaSparkContext spark, Checkpoint checkpoint, BackboneModel model, String data, String out) {
    this.spark = spark;
    this.checkpoint = checkpoint;
    this.model = model;
    this.data = data;
    this.out = Places.hadoopPath(out).toString();
  }

  /**
   * Embeds; what is there already is not made again.
   *
   * @throws DataException if the source is broken, has no image or too many bad ones, changes
   *     meanwhile, or something else lies in the folder
   * @throws UncheckedIOException if something can be neither read nor written, or Spark loses too
   *     much
   */
  public EmbeddingSummary run() {
    Storage storage = storage(out);
    try {
      new OutputFolder(storage, "embed", OURS).refuseOthers();
      Optional<Embeddings> present = Embeddings.in(storage);
      String fingerprint = NumberedImages.fingerprint(data, model.configuration().data());
      if (present.isPresent() && present.get().areOf(model.id(), fingerprint)) {
        return new EmbeddingSummary(present.get(), true);
      }
      try (NumberedImages images =
          NumberedImages.of(spark, data, out, BAD_IMAGES, model.configuration().data())) {
        Embeddings wanted = describe(images, fingerprint);
        return present.isPresent()
            ? new EmbeddingSummary(expectSame(present.get(), wanted), true)
            : new EmbeddingSummary(write(images, wanted, storage), false);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write %s: %s".formatted(out, e.getMessage()), e);
    }
  }

  private Embeddings describe(NumberedImages images, String fingerprint) {
    return new Embeddings(
        Embeddings.FORMAT,
        checkpoint.describe(),
        checkpoint.manifest().step(),
        model.id(),
        Places.hadoopPath(data).toString(),
        fingerprint,
        images.hash(),
        images.count(),
        images.bad(),
        model.features(),
        model.configuration().knn().imageSize(),
        (images.count() - 1) / ROWS_PER_FILE + 1);
  }

  private Embeddings write(NumberedImages images, Embeddings all, Storage storage)
      throws IOException {
    String owner = all.owner();
    Set<Integer> missing = missing(all.files(), owner);
    if (!missing.isEmpty()) {
      spark.setJobDescription("BYOL: features of " + data);
      SentModel sent = model.sendBy(spark);
      try {
        Files work = new Files(out, owner, sent, all.images(), all.files(), Set.copyOf(missing));
        SparkFailure.orResultOf("cannot embed " + data, () -> work.write(images));
      } finally {
        sent.destroy();
      }
    }
    all.commit(storage);
    storage.deleteFolder(NumberedImages.workFolder());
    return all;
  }

  private Embeddings expectSame(Embeddings present, Embeddings wanted) {
    if (!present.areThoseOf(wanted)) {
      throw new DataException(
          "%s holds other embeddings: checkpoint=%s step=%d source=%s images=%d, expected checkpoint=%s step=%d source=%s images=%d with the same settings, or an empty folder"
              .formatted(
                  out,
                  present.checkpoint(),
                  present.step(),
                  present.source(),
                  present.images(),
                  wanted.checkpoint(),
                  wanted.step(),
                  wanted.source(),
                  wanted.images()));
    }
    return present;
  }

  private Set<Integer> missing(int files, String owner) {
    String to = out;
    List<Integer> numbers = IntStream.range(0, files).boxed().toList();
    return SparkFailure.orResultOf(
        "cannot read " + out,
        () ->
            new TreeSet<>(
                spark
                    .parallelize(numbers, files)
                    .filter(
                        file ->
                            !EmbeddingFile.isWritten(
                                fileSystem(to), new Path(to, EmbeddingFile.nameOf(file)), owner))
                    .collect()));
  }

  /**
   * The files that tasks write.
   *
   * @param owner what they are of
   * @param images how many images there are in all
   * @param files how many files they make
   * @param wanted the files that are not written yet
   */
  private record Files(
      String out, String owner, SentModel model, int images, int files, Set<Integer> wanted)
      implements Serializable {

    /** Which file an image is in: they take equal shares of the ids. */
    int fileOf(int id) {
      return (int) ((long) id * files / images);
    }

    /** Returns how many were written. */
    int write(NumberedImages source) {
      Files work = this;
      source
          .rows(id -> work.wanted.contains(work.fileOf(id)))
          .mapToPair(row -> new Tuple2<>(row.id(), row))
          .repartitionAndSortWithinPartitions(new ByFile(this))
          .foreachPartition(rows -> work.writeFile(rows));
      return wanted.size();
    }

    private void writeFile(Iterator<Tuple2<Integer, ShardRow>> rows) throws IOException {
      int file = TaskContext.getPartitionId();
      if (!wanted.contains(file)) {
        return;
      }
      FeatureBatches<ShardRow> batches =
          new FeatureBatches<>(model, new Second<>(rows), ShardRow::bytes);
      TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> batches.close());
      EmbeddingFile.write(storage(out), EmbeddingFile.nameOf(file), owner, batches);
    }
  }

  /** Brings each image to its file. */
  private static final class ByFile extends Partitioner {
    private static final long serialVersionUID = 1L;
    private final Files files;

    ByFile(Files files) {
      this.files = files;
    }

    @Override
    public int numPartitions() {
      return files.files();
    }

    @Override
    public int getPartition(Object id) {
      return files.fileOf((Integer) id);
    }
  }

  private static FileSystem fileSystem(String place) {
    return Places.fileSystem(new Path(place), Places.configuration(Map.of()));
  }

  private static Storage storage(String place) {
    return new HadoopStorage(fileSystem(place), new Path(place));
  }
}
