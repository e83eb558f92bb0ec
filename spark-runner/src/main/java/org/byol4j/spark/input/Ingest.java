package org.byol4j.spark.input;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.checkpoint.Upload;
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
  private static final int IMAGES_PER_PARTITION = 20_000;
  private static final int NAMED_IN_ERRORS = 10;

  private final JavaSparkContext spark;
  private final Location source;
  private final Location out;
  private final int shards;
  private final long maxPixels;
  private final double maxBadFraction;
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
    this.source = Location.of(data);
    this.out = Location.of(out);
    this.shards = shards;
    this.maxPixels = maxPixels;
    this.maxBadFraction = maxBadFraction;
    this.storage = this.out.storage();
  }

  /**
   * Ingests; what is there already is not made again.
   *
   * @throws DataException if the source is broken, has no image or too many bad ones, changes
   *     meanwhile, or other images lie in the folder
   * @throws UncheckedIOException if the folder cannot be read or written, or Spark loses too much
   */
  public Dataset run() {
    try {
      List<SourcePart> parts = SourceParts.of(source.files(), source.path());
      CheckedParts checked = new CheckedParts(spark, source, out, parts, maxPixels);
      Optional<Dataset> present = Dataset.in(storage);
      if (present.isPresent()) {
        return expectSame(present.get(), checked.fingerprint());
      }
      check(checked);
      try (Settlement settlement = settle(checked)) {
        return write(parts, checked, settlement);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write %s: %s".formatted(out, e.getMessage()), e);
    }
  }

  private Dataset expectSame(Dataset present, String partsHash) {
    if (present.shards() != shards || !present.sourceParts().equals(partsHash)) {
      throw new DataException(
          "%s holds other images: source=%s shards=%d, expected source=%s shards=%d as it is now, or an empty folder"
              .formatted(out, present.source(), present.shards(), source, shards));
    }
    return present;
  }

  private void check(CheckedParts parts) throws IOException {
    List<Integer> open = parts.open();
    if (!open.isEmpty()) {
      describe("checking images");
      inTasks(
          () -> {
            parts.check(open);
            return open;
          });
    }
  }

  private Settlement settle(CheckedParts parts) {
    describe("sorting images");
    JavaRDD<CheckedImage> verdicts = parts.verdicts();
    return inTasks(
        () -> {
          long count = verdicts.count();
          return new Settlement(verdicts, (int) (count / IMAGES_PER_PARTITION) + 1);
        });
  }

  private Dataset write(List<SourcePart> parts, CheckedParts checked, Settlement settlement)
      throws IOException {
    List<Integer> good = inTasks(settlement::goodByPartition);
    Map<String, Integer> bad = inTasks(settlement::badByReason);
    int images = good.stream().mapToInt(Integer::intValue).reduce(0, Math::addExact);
    checkEnough(images, bad, writeBadImages(settlement));
    String hash = inTasks(settlement::hash);
    Map<Integer, Dataset.File> written = written(hash);
    Set<Integer> missing = new TreeSet<>(IntStream.range(0, shards).boxed().toList());
    missing.removeAll(written.keySet());
    if (!missing.isEmpty()) {
      describe("writing shards");
      ShardWriter writer = new ShardWriter(parts, source, out, hash, shards, Set.copyOf(missing));
      inTasks(
          () -> {
            writer.write(settlement.numbered(good));
            return missing;
          });
      written = written(hash);
    }
    Dataset dataset =
        new Dataset(
            Dataset.FORMAT,
            source.uri(),
            checked.fingerprint(),
            shards,
            maxPixels,
            images,
            hash,
            inTasks(settlement::classes),
            bad,
            inTasks(checked::ignored),
            List.copyOf(written.values()));
    dataset.commit(storage);
    storage.deleteFolder(CheckedParts.FOLDER);
    return dataset;
  }

  private Map<Integer, Dataset.File> written(String hash) {
    return inTasks(() -> WrittenShards.in(spark, out, hash, shards));
  }

  private List<String> writeBadImages(Settlement settlement) throws IOException {
    List<String> first = new ArrayList<>();
    try (Upload upload = storage.create(BAD_IMAGES)) {
      for (Iterator<CheckedImage> bad = settlement.bad(); bad.hasNext(); ) {
        CheckedImage image = bad.next();
        String line = image.fault() + "\t" + image.path() + "\n";
        upload.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
        if (first.size() < NAMED_IN_ERRORS) {
          first.add(image.path() + " (" + image.fault() + ")");
        }
      }
      upload.commit();
    }
    return first;
  }

  private void checkEnough(int images, Map<String, Integer> bad, List<String> firstBad) {
    int badImages = bad.values().stream().mapToInt(Integer::intValue).sum();
    int all = images + badImages;
    if (all == 0) {
      throw new DataException(
          "no images: path=%s; expected .jpg, .jpeg or .png files".formatted(source));
    }
    if (badImages > maxBadFraction * all || images == 0) {
      throw new DataException(
          "too many bad images: path=%s bad=%d of=%d reasons=%s first=%s; expected at most %s of them"
              .formatted(source, badImages, all, bad, firstBad, maxBadFraction));
    }
    if (images < shards) {
      throw new DataException(
          "too few images: path=%s images=%d shards=%d; expected at least one for each shard"
              .formatted(source, images, shards));
    }
  }

  private void describe(String what) {
    spark.setJobDescription("BYOL: %s of %s".formatted(what, source));
  }

  private <T> T inTasks(Supplier<T> job) {
    return SparkFailure.orResultOf("cannot ingest " + source, job);
  }
}
