package org.byol4j.spark.embed;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.Upload;
import org.byol4j.data.DataException;

/**
 * What a folder of embeddings holds; the file that makes it complete.
 *
 * @param format the version of the layout
 * @param checkpoint the checkpoint whose backbone made the features
 * @param step the steps that it had done
 * @param model a hash of the backbone and of the settings that features depend on
 * @param source where the images come from
 * @param sourceFingerprint {@link org.byol4j.spark.input.NumberedImages#fingerprint} of that
 * @param dataSha256 the hash of all images, {@link org.byol4j.data.ManifestHash}
 * @param images how many rows there are, one a good image
 * @param bad how many files are bad, by reason
 * @param features how many features an image has
 * @param imageSize height and width that images were prepared at, in pixels
 * @param files how many files of Parquet there are
 */
public record Embeddings(
    int format,
    String checkpoint,
    long step,
    String model,
    String source,
    String sourceFingerprint,
    String dataSha256,
    int images,
    Map<String, Integer> bad,
    int features,
    int imageSize,
    int files) {

  /** The name of the file; readers of Parquet pass over what begins with an underscore. */
  public static final String FILE_NAME = "_embeddings.json";

  /** The version that is written, and the only one that is read. */
  static final int FORMAT = 1;

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES);

  /**
   * What each file says that it is of. The number of files is part of it: it decides which images
   * are in a file.
   */
  String owner() {
    return "model %s images %s files %d".formatted(model, dataSha256, files);
  }

  /** Whether these are the features of {@code model} and of a source that has not changed. */
  boolean areOf(String wantedModel, String wantedSource) {
    return model.equals(wantedModel) && sourceFingerprint.equals(wantedSource);
  }

  /** Whether these are the features of the same images by the same model. */
  boolean areThoseOf(Embeddings other) {
    return model.equals(other.model)
        && dataSha256.equals(other.dataSha256)
        && files == other.files
        && images == other.images;
  }

  /**
   * The embeddings in {@code storage}; empty if there are none that are complete.
   *
   * @throws DataException if the file is damaged or of another version
   * @throws UncheckedIOException if it cannot be read
   */
  static Optional<Embeddings> in(Storage storage) {
    String name = storage.describe(FILE_NAME);
    try {
      if (!storage.exists(FILE_NAME)) {
        return Optional.empty();
      }
      Embeddings found;
      try (InputStream in = storage.read(FILE_NAME)) {
        found = parse(in.readAllBytes(), name);
      }
      if (found.format != FORMAT) {
        throw new DataException("%s: format=%d, expected %d".formatted(name, found.format, FORMAT));
      }
      return Optional.of(found);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read %s: %s".formatted(name, e.getMessage()), e);
    }
  }

  private static Embeddings parse(byte[] text, String name) {
    try {
      return JSON.readValue(text, Embeddings.class);
    } catch (IOException e) {
      throw new DataException(
          "%s: not the manifest of embeddings: %s".formatted(name, e.getMessage()), e);
    }
  }

  /** Makes the embeddings in {@code storage} complete. */
  void commit(Storage storage) throws IOException {
    try (Upload upload = storage.create(FILE_NAME)) {
      upload.write(ByteBuffer.wrap(JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(this)));
      upload.commit();
    }
  }
}
