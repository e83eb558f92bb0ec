package org.byol4j.spark.input;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;

/**
 * The verdict on a file of a source.
 *
 * @param part the number of the part of the source that it came up in
 * @param order the number of the file in its part: of several with one path the last counts
 * @param className empty if it has no class
 * @param fault why it is bad; empty if it is good
 * @param sha256 that of a good image's bytes, in hexadecimal; else empty
 */
record CheckedImage(int part, int order, String path, String className, String fault, String sha256)
    implements Serializable {

  boolean isGood() {
    return fault.isEmpty();
  }

  /** A string whose characters are the bytes of the path, and so compare as these do. */
  String sortKey() {
    return new String(path.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  boolean isAfter(CheckedImage other) {
    return part != other.part ? part > other.part : order > other.order;
  }
}
