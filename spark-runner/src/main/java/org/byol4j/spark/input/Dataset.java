package org.byol4j.spark.input;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.Upload;
import org.byol4j.data.DataException;

/**
 * What a folder of ingested images holds; the file that makes it complete.
 *
 * @param format the version of the layout
 * @param source where the images come from
 * @param sourceParts a hash of the parts that the source was cut into
 * @param shards into how many shards the images are dealt, each a Parquet file
 * @param maxPixels the largest image that was decoded, height times width
 * @param images how many good images there are; their ids are {@code 0 .. images - 1}
 * @param hash the hash of all images, {@link org.byol4j.data.ManifestHash}
 * @param classes the names of the classes, in bytewise order
 * @param bad how many files are bad, by reason
 * @param ignored how many files were passed over, by kind
 * @param files each shard's file, with the hash of its rows
 */
public record Dataset(
    int format,
    String source,
    String sourceParts,
    int shards,
    long maxPixels,
    int images,
    String hash,
    List<String> classes,
    Map<String, Integer> bad,
    Map<String, Integer> ignored,
    List<File> files)
    implements Serializable {

  /**
   * The file of a shard.
   *
   * @param lengthBytes its size
   * @param sha256 the hash of its images, {@link org.byol4j.data.ManifestHash}
   */
  public record File(long lengthBytes, String sha256) implements Serializable {}

  /** The name of the manifest's file. */
  public static final String FILE_NAME = "dataset.json";

  /** The version that is written, and the only one that is read. */
  static final int FORMAT = 1;

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES);

  /** How many image files are bad, for whatever reason. */
  public int badImages() {
    return bad.values().stream().mapToInt(Integer::intValue).sum();
  }

  /**
   * Sees to it that no more of the files of {@code place} were bad than somebody tolerates.
   *
   * @param maxBadFraction how large a share of them may be bad
   * @throws DataException if more are
   */
  public void checkBad(String place, double maxBadFraction) {
    int all = images + badImages();
    if (badImages() > maxBadFraction * all) {
      throw new DataException(
          "too many bad images: path=%s bad=%d of=%d reasons=%s; expected at most %s of them"
              .formatted(place, badImages(), all, bad, maxBadFraction));
    }
  }

  /** How many images a shard has: those whose id is {@code shard} modulo the number of shards. */
  int imagesOf(int shard) {
    return (images - shard + shards - 1) / shards;
  }

  /** The name of a shard's file. */
  static String fileOf(int shard) {
    return "shard-%05d.parquet".formatted(shard);
  }

  /**
   * The data set in {@code storage}; empty if there is none.
   *
   * @throws DataException if it is damaged or of another version
   * @throws UncheckedIOException if it cannot be read
   */
  public static Optional<Dataset> in(Storage storage) {
    String name = storage.describe(FILE_NAME);
    try {
      if (!storage.exists(FILE_NAME)) {
        return Optional.empty();
      }
      try (InputStream in = storage.read(FILE_NAME)) {
        Dataset found = parse(in.readAllBytes(), name);
        if (found.format != FORMAT) {
          throw new DataException(
              "%s: format=%d, expected %d".formatted(name, found.format, FORMAT));
        }
        if (found.shards < 1 || found.files.size() != found.shards) {
          throw new DataException(
              "%s: shards=%d files=%d, expected as many files as shards"
                  .formatted(name, found.shards, found.files.size()));
        }
        if (!found.hash.matches("[0-9a-f]{64}")) {
          throw new DataException(
              "%s: hash=%s, expected a SHA-256 in hexadecimal".formatted(name, found.hash));
        }
        return Optional.of(found);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read %s: %s".formatted(name, e.getMessage()), e);
    }
  }

  private static Dataset parse(byte[] text, String name) {
    try {
      return JSON.readValue(text, Dataset.class);
    } catch (IOException e) {
      throw new DataException(
          "%s: not the manifest of ingested images: %s".formatted(name, e.getMessage()), e);
    }
  }

  /** Makes the data set in {@code storage} complete. */
  void commit(Storage storage) throws IOException {
    try (Upload upload = storage.create(FILE_NAME)) {
      upload.write(ByteBuffer.wrap(JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(this)));
      upload.commit();
    }
  }
}
