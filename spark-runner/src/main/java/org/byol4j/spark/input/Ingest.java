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
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.TaskCompletionListener;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.checkpoint.Upload;
import org.byol4j.data.DataException;
import org.byol4j.spark.storage.HadoopStorage;
import org.byol4j.spark.storage.Places;
import scala.Tuple2;

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
  /** The folder of the verdicts, deleted at the end. */
  static final String WORK = "_ingest";

  private static final String BAD_IMAGES = "bad-images.tsv";
  private static final int IMAGES_PER_PARTITION = 20_000;
  private static final int NAMED_IN_ERRORS = 10;
  private static final int HASH_DIGITS = 16;

  private final JavaSparkContext spark;
  private final String source;
  private final String out;
  private final int shards;
  private final long maxPixels;
  private final double maxBadFraction;
  private final FileSystem files;
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
    this.source = Places.hadoopPath(data).toString();
    this.out = Places.hadoopPath(out).toString();
    this.shards = shards;
    this.maxPixels = maxPixels;
    this.maxBadFraction = maxBadFraction;
    this.files = fileSystem(source);
    this.storage = storage(this.out);
  }

  private static FileSystem fileSystem(String place) {
    return Places.fileSystem(new Path(place), Places.configuration(Map.of()));
  }

  private static Storage storage(String place) {
    return new HadoopStorage(fileSystem(place), new Path(place));
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
      List<SourcePart> parts = SourceParts.of(files, new Path(source));
      String partsHash = SourceParts.fingerprint(parts, maxPixels);
      Optional<Dataset> present = Dataset.in(storage);
      if (present.isPresent()) {
        return expectSame(present.get(), partsHash);
      }
      check(parts, partsHash);
      try (Settlement settlement = settle(parts.size(), partsHash)) {
        return write(parts, partsHash, settlement);
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

  private void check(List<SourcePart> parts, String partsHash) throws IOException {
    Set<String> done = Set.copyOf(storage.list(WORK));
    List<Integer> open =
        IntStream.range(0, parts.size())
            .filter(part -> !done.contains(nameOf(part, partsHash)))
            .boxed()
            .toList();
    if (open.isEmpty()) {
      return;
    }
    String from = source;
    String to = out;
    long pixels = maxPixels;
    describe("checking images");
    inTasks(
        () -> {
          spark
              .parallelize(open, open.size())
              .foreach(
                  part ->
                      PartChecker.check(
                          parts.get(part),
                          fileSystem(from),
                          pixels,
                          storage(to),
                          WORK + "/" + nameOf(part, partsHash)));
          return open.size();
        });
  }

  private static String nameOf(int part, String partsHash) {
    return "checked-%s-%06d.bin".formatted(partsHash.substring(0, HASH_DIGITS), part);
  }

  private Settlement settle(int parts, String partsHash) {
    String to = out;
    describe("sorting images");
    JavaRDD<CheckedImage> checked =
        numbers(parts).flatMap(part -> closedWithTheTask(verdicts(to, part, partsHash)));
    return inTasks(
        () -> {
          long count = checked.count();
          return new Settlement(checked, (int) (count / IMAGES_PER_PARTITION) + 1);
        });
  }

  private JavaRDD<Integer> numbers(int end) {
    return spark.parallelize(IntStream.range(0, end).boxed().toList(), Math.max(1, end));
  }

  private static VerdictFile.Reader verdicts(String out, int part, String partsHash) {
    return new VerdictFile.Reader(storage(out), WORK + "/" + nameOf(part, partsHash), part);
  }

  private static VerdictFile.Reader closedWithTheTask(VerdictFile.Reader verdicts) {
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> verdicts.close());
    return verdicts;
  }

  private Map<String, Integer> ignored(int parts, String partsHash) {
    String to = out;
    Map<String, Integer> all = new TreeMap<>();
    numbers(parts)
        .map(
            part -> {
              try (VerdictFile.Reader verdicts = verdicts(to, part, partsHash)) {
                verdicts.forEachRemaining(verdict -> {});
                return verdicts.ignored();
              }
            })
        .collect()
        .forEach(kinds -> kinds.forEach((kind, count) -> all.merge(kind, count, Integer::sum)));
    return all;
  }

  private Dataset write(List<SourcePart> parts, String partsHash, Settlement settlement)
      throws IOException {
    List<Integer> good = inTasks(settlement::goodByPartition);
    Map<String, Integer> bad = inTasks(settlement::badByReason);
    int images = good.stream().mapToInt(Integer::intValue).reduce(0, Math::addExact);
    checkEnough(images, bad, writeBadImages(settlement));
    String hash = inTasks(settlement::hash);
    Map<Integer, Dataset.File> written = writtenShards(hash);
    Set<Integer> missing = new TreeSet<>(IntStream.range(0, shards).boxed().toList());
    missing.removeAll(written.keySet());
    if (!missing.isEmpty()) {
      describe("writing shards");
      ShardWriter writer = new ShardWriter(parts, source, out, hash, shards, Set.copyOf(missing));
      inTasks(
          () -> {
            writer.write(settlement.numbered(good));
            return shards;
          });
      written = writtenShards(hash);
    }
    Dataset dataset =
        new Dataset(
            Dataset.FORMAT,
            source,
            partsHash,
            shards,
            maxPixels,
            images,
            hash,
            inTasks(settlement::classes),
            bad,
            inTasks(() -> ignored(parts.size(), partsHash)),
            List.copyOf(written.values()));
    dataset.commit(storage);
    storage.deleteFolder(WORK);
    return dataset;
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

  /** The shards that are there, whole and of this data set, in order. */
  private Map<Integer, Dataset.File> writtenShards(String hash) {
    String to = out;
    int all = shards;
    Map<Integer, Dataset.File> written = new TreeMap<>();
    inTasks(
            () ->
                numbers(all)
                    .mapToPair(shard -> new Tuple2<>(shard, footer(to, shard, hash, all)))
                    .filter(found -> !found._2().isEmpty())
                    .collect())
        .forEach(found -> written.put(found._1(), found._2().get(0)));
    return written;
  }

  /** Empty if there is none; an {@code Optional} cannot travel. */
  private static List<Dataset.File> footer(String out, int shard, String hash, int shards)
      throws IOException {
    Path file = new Path(out, Dataset.fileOf(shard));
    return ShardFile.footer(fileSystem(out), file, hash, shards).stream().toList();
  }

  private void describe(String what) {
    spark.setJobDescription("BYOL: %s of %s".formatted(what, source));
  }

  private <T> T inTasks(Supplier<T> job) {
    return SparkFailure.orResultOf("cannot ingest " + source, job);
  }
}
