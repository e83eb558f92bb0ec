package org.byol4j.spark.input;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.data.DataException;

/**
 * Checks the images of a source and writes the good ones, dealt into shards, as Parquet: in
 * parallel, by tasks of Spark.
 *
 * <ol>
 *   <li>The source is cut into {@link SourceParts}.
 *   <li>A task for each part lists it, decodes every image, and keeps the verdicts in a file.
 *   <li>Verdicts are sorted by path: ids, counts and the hash of the set.
 *   <li>The parts are read again; a shuffle brings each image to its shard.
 *   <li>The manifest makes the data set complete.
 * </ol>
 *
 * <p>Started again, it goes on behind the parts that were checked and the shards that were written.
 */
public final class Ingest {
  private static final String BAD_IMAGES = "bad-images.tsv";

  private static final Pattern OURS =
      Pattern.compile(
          "%s|%s|%s|shard-\\d{5,}\\.parquet"
              .formatted(
                  CheckedParts.FOLDER,
                  Pattern.quote(BAD_IMAGES),
                  Pattern.quote(Dataset.FILE_NAME)));

  private final JavaSparkContext spark;
  private final CheckedSource.Order order;
  private final int shards;
  private final Storage storage;

  /**
   * An ingest of {@code data}.
   *
   * @param data a folder of images, a tar archive or a table in Parquet: a path or a URI of Hadoop
   * @param out the folder of the data set
   * @param shards into how many shards the images are dealt
   * @param maxPixels the largest image that is decoded, height times width
   * @param maxBadFraction how large a share of the images may be bad
   * @throws StorageException if there is no such file system
   */
  public Ingest(
      JavaSparkContext spark,
      String data,
      String out,
      int shards,
      long maxPixels,
      double maxBadFraction) {
    this.spark = spark;
    this.order =
        new CheckedSource.Order(
            Location.of(data), Location.of(out), BAD_IMAGES, maxPixels, maxBadFraction);
    this.shards = shards;
    this.storage = order.folder().storage();
  }

  /**
   * Ingests; what is there already is not made again.
   *
   * @throws DataException if the source is broken, has no image or too many bad ones, changes
   *     meanwhile, or other images, or what no ingest writes, lie in the folder
   * @throws UncheckedIOException if the folder cannot be read or written, or Spark loses too much
   */
  public Dataset run() {
    try {
      Optional<Dataset> present = Dataset.in(storage);
      if (present.isEmpty()) {
        new OutputFolder(storage, "ingest", OURS).refuseOthers();
      }
      List<SourcePart> parts = order.parts();
      if (present.isPresent()) {
        return expectSame(present.get(), order.fingerprint(parts));
      }
      try (CheckedSource images = new CheckedSource(spark, order, parts)) {
        return write(images, order.fingerprint(parts));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot write %s: %s".formatted(order.folder(), e.getMessage()), e);
    }
  }

  private Dataset expectSame(Dataset present, String partsHash) {
    if (present.shards() != shards || !present.sourceParts().equals(partsHash)) {
      throw new DataException(
          "%s holds other images: source=%s shards=%d, expected source=%s shards=%d as it is now, or an empty folder"
              .formatted(
                  order.folder(), present.source(), present.shards(), order.source(), shards));
    }
    return present;
  }

  private Dataset write(CheckedSource images, String partsHash) throws IOException {
    if (images.count() < shards) {
      throw new DataException(
          "too few images: path=%s images=%d shards=%d; expected at least one for each shard"
              .formatted(order.source(), images.count(), shards));
    }
    String hash = images.hash();
    Map<Integer, Dataset.File> written = written(hash);
    Set<Integer> missing = new TreeSet<>(IntStream.range(0, shards).boxed().toList());
    missing.removeAll(written.keySet());
    if (!missing.isEmpty()) {
      spark.setJobDescription("BYOL: writing shards of " + order.source());
      ShardWriter writer = new ShardWriter(order.folder(), hash, shards, Set.copyOf(missing));
      inTasks(
          () -> {
            writer.write(images);
            return missing;
          });
      written = written(hash);
    }
    Dataset dataset =
        new Dataset(
            Dataset.FORMAT,
            order.source().uri(),
            partsHash,
            shards,
            order.maxPixels(),
            images.count(),
            hash,
            images.classes(),
            images.bad(),
            images.ignored(),
            List.copyOf(written.values()));
    dataset.commit(storage);
    storage.deleteFolder(CheckedParts.FOLDER);
    return dataset;
  }

  private Map<Integer, Dataset.File> written(String hash) {
    return inTasks(() -> WrittenShards.in(spark, order.folder(), hash, shards));
  }

  private <T> T inTasks(Supplier<T> job) {
    return SparkFailure.orResultOf("cannot ingest " + order.source(), job);
  }
}
