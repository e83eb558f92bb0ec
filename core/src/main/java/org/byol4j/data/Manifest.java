package org.byol4j.data;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What an image store holds and what it was made of; the file that makes a store complete.
 *
 * @param format the version of the store's layout
 * @param source the path of the source
 * @param fingerprint the source's {@link ImageSource#fingerprint} when the store was built
 * @param maxPixels the largest image that was decoded, height times width
 * @param images how many good images there are; their ids are {@code 0 .. images - 1}
 * @param hash SHA-256 over each image's path and content, in the order of ids: equal for the same
 *     images in a folder, a tar or a tar.gz
 * @param classes the names of the images' parent folders, in bytewise order; an image's label is
 *     its class's index here
 * @param bad how many files are bad, by reason
 * @param ignored how many files were passed over, by kind
 * @param indexBytes the size of the index file
 * @param namesBytes the size of the file of names
 * @param segmentBytes the sizes of the files of encoded images
 */
public record Manifest(
    int format,
    String source,
    String fingerprint,
    long maxPixels,
    int images,
    String hash,
    List<String> classes,
    Map<String, Integer> bad,
    Map<String, Integer> ignored,
    long indexBytes,
    long namesBytes,
    List<Long> segmentBytes) {

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

  /** How messages name the images. */
  String describe() {
    return "source=%s images=%d sha256=%s".formatted(source, images, hash);
  }

  /**
   * The manifest of a set that was settled elsewhere, of which some shards lie here.
   *
   * @param hash the {@link ManifestHash} of the whole set
   */
  public static Manifest ofShards(
      String source,
      long maxPixels,
      int images,
      String hash,
      List<String> classes,
      Map<String, Integer> bad) {
    return new Manifest(
        FORMAT, source, hash, maxPixels, images, hash, classes, bad, Map.of(), 0, 0, List.of());
  }

  /**
   * Reads a manifest.
   *
   * @throws IOException if there is none, or none that is whole
   */
  static Manifest read(Path file) throws IOException {
    return JSON.readValue(Files.readAllBytes(file), Manifest.class);
  }

  /** The manifest as it is written. */
  byte[] toJson() {
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(this);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot express the manifest as JSON", e);
    }
  }
}
