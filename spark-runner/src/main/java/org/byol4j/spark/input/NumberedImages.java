package org.byol4j.spark.input;

import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.data.DataException;
import org.byol4j.data.DataSettings;

/**
 * The good images of a source: each has the rank of its path among them as its id. Close it when
 * the rows are no longer used.
 */
public interface NumberedImages extends AutoCloseable {

  /** Which images a job is about. */
  interface Wanted extends Serializable {
    /** Whether the image {@code id} is. */
    boolean isWanted(int id);
  }

  /** How many there are; ids are below it. */
  int count();

  /** The hash of all images, {@link org.byol4j.data.ManifestHash}. */
  String hash();

  /** How many files are bad, by reason. */
  Map<String, Integer> bad();

  /**
   * Those that are {@code wanted}, in no particular order. A task that meets an image that is no
   * longer what it was fails with a {@link DataException}: {@link SparkFailure} brings it to the
   * driver.
   */
  JavaRDD<ShardRow> rows(Wanted wanted);

  @Override
  void close();

  /**
   * The images at {@code data}: what was ingested is taken as it is; a folder, an archive or a
   * table is checked first, as {@link Ingest} does it.
   *
   * @param data a path or a URI of Hadoop
   * @param out the folder of what is made of them, where verdicts are kept meanwhile
   * @param badImages the name of the file in {@code out} that lists the bad ones of a source
   * @throws DataException if the source is broken, has no image or too many bad ones
   * @throws UncheckedIOException if it cannot be read, {@code out} cannot be written, or Spark
   *     loses too much
   */
  static NumberedImages of(
      JavaSparkContext spark, String data, String out, String badImages, DataSettings settings) {
    Optional<Dataset> ingested = ingestedAt(data);
    if (ingested.isPresent()) {
      ingested.get().checkBad(data, settings.maxBadFraction());
      return new IngestedImages(spark, Location.of(data).uri(), ingested.get());
    }
    CheckedSource.Order order = order(data, out, badImages, settings);
    return new CheckedSource(spark, order, order.parts());
  }

  /**
   * Changes when the images at {@code data} do, as far as can be seen without reading them: a hash
   * of a data set, or of the parts of a source.
   *
   * @throws DataException if there are none
   */
  static String fingerprint(String data, DataSettings settings) {
    Optional<Dataset> ingested = ingestedAt(data);
    if (ingested.isPresent()) {
      return ingested.get().hash();
    }
    CheckedSource.Order order = order(data, data, "", settings);
    return order.fingerprint(order.parts());
  }

  private static CheckedSource.Order order(
      String data, String out, String badImages, DataSettings settings) {
    return new CheckedSource.Order(
        Location.of(data),
        Location.of(out),
        badImages,
        settings.maxPixels(),
        settings.maxBadFraction());
  }

  private static Optional<Dataset> ingestedAt(String data) {
    return Dataset.in(Location.of(data).storage());
  }

  /** The folder of {@code out} that holds the verdicts until the work is done. */
  static String workFolder() {
    return CheckedParts.FOLDER;
  }
}
