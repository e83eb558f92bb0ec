package org.byol4j.spark.input;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.checkpoint.Upload;
import org.byol4j.data.DataException;

/**
 * The images of a folder, an archive or a table, each decoded once by tasks of Spark to find out
 * which are good, and sorted by path to give those their ids.
 */
final class CheckedSource implements NumberedImages {
  private static final int IMAGES_PER_PARTITION = 20_000;
  private static final int NAMED_IN_ERRORS = 10;

  private final JavaSparkContext spark;
  private final Order order;
  private final List<SourcePart> all;
  private final CheckedParts parts;
  private final Settlement settlement;
  private final List<Integer> good;
  private final Map<String, Integer> bad;
  private final String hash;

  /**
   * What is checked.
   *
   * @param source a folder of images, a tar archive or a table in Parquet
   * @param folder that of what is made of them, where verdicts are kept
   * @param badImages the name of the file in it that lists the bad ones
   * @param maxPixels the largest image that is decoded, height times width
   * @param maxBadFraction how large a share of the images may be bad
   */
  record Order(
      Location source, Location folder, String badImages, long maxPixels, double maxBadFraction) {

    /**
     * The parts of the source.
     *
     * @throws DataException if there is nothing there, or no images
     */
    List<SourcePart> parts() {
      return SourceParts.of(source.files(), source.path());
    }

    /** A hash of all that the verdicts on {@code parts} depend on and that can be seen here. */
    String fingerprint(List<SourcePart> parts) {
      return SourceParts.fingerprint(parts, maxPixels);
    }
  }

  /**
   * Checks and sorts; parts that were checked before are not read again.
   *
   * @param all what {@link Order#parts} has found
   * @throws DataException if the source is broken, has no image or too many bad ones
   * @throws UncheckedIOException if something can be neither read nor written, or Spark loses too
   *     much
   */
  CheckedSource(JavaSparkContext spark, Order order, List<SourcePart> all) {
    this.spark = spark;
    this.order = order;
    this.all = all;
    this.parts = new CheckedParts(spark, order.source(), order.folder(), all, order.maxPixels());
    boolean isGoodEnough = false;
    try {
      check();
      this.settlement = settle();
      try {
        this.good = inTasks(settlement::goodByPartition);
        this.bad = inTasks(settlement::badByReason);
        checkEnough(writeBadImages(order.badImages()));
        this.hash = inTasks(settlement::hash);
        isGoodEnough = true;
      } finally {
        if (!isGoodEnough) {
          // nobody gets to close this
          settlement.close();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot write %s: %s".formatted(order.folder(), e.getMessage()), e);
    }
  }

  private void check() throws IOException {
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

  private Settlement settle() {
    describe("sorting images");
    JavaRDD<CheckedImage> verdicts = parts.verdicts();
    return inTasks(
        () -> {
          long count = verdicts.count();
          return new Settlement(verdicts, (int) (count / IMAGES_PER_PARTITION) + 1);
        });
  }

  private List<String> writeBadImages(String name) throws IOException {
    List<String> first = new ArrayList<>();
    try (Upload upload = order.folder().storage().create(name)) {
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

  private void checkEnough(List<String> firstBad) {
    int images = count();
    int badImages = bad.values().stream().mapToInt(Integer::intValue).sum();
    int all = images + badImages;
    if (all == 0) {
      throw new DataException(
          "no images: path=%s; expected .jpg, .jpeg or .png files".formatted(order.source()));
    }
    if (badImages > order.maxBadFraction() * all || images == 0) {
      throw new DataException(
          "too many bad images: path=%s bad=%d of=%d reasons=%s first=%s; expected at most %s of them"
              .formatted(order.source(), badImages, all, bad, firstBad, order.maxBadFraction()));
    }
  }

  @Override
  public int count() {
    return good.stream().mapToInt(Integer::intValue).reduce(0, Math::addExact);
  }

  @Override
  public String hash() {
    return hash;
  }

  @Override
  public Map<String, Integer> bad() {
    return bad;
  }

  /** The names of the classes of good images, in bytewise order. */
  List<String> classes() {
    return inTasks(settlement::classes);
  }

  /** How many files were passed over, by kind. */
  Map<String, Integer> ignored() {
    return inTasks(parts::ignored);
  }

  @Override
  public JavaRDD<ShardRow> rows(Wanted wanted) {
    return new SourceRows(all, order.source())
        .of(settlement.numbered(good).filter(image -> wanted.isWanted(image.id())));
  }

  private void describe(String what) {
    spark.setJobDescription("BYOL: %s of %s".formatted(what, order.source()));
  }

  private <T> T inTasks(Supplier<T> job) {
    return SparkFailure.orResultOf("cannot read " + order.source(), job);
  }

  @Override
  public void close() {
    settlement.close();
  }
}
