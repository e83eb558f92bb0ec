package org.byol4j.checkpoint;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.Manifest.Part;

/**
 * The files that one replica has written, at most one of each section; as bytes, to tell the others
 * of: for each section first index, number of elements and sha256.
 */
record OwnedParts(Map<Section, Part> files) {
  private static final int HASH_BYTES = 32;
  private static final int PART_BYTES = Long.BYTES + Integer.BYTES + HASH_BYTES;
  private static final Part NOTHING = new Part(0, 0, "00".repeat(HASH_BYTES));

  byte[] toBytes() {
    ByteBuffer bytes = ByteBuffer.allocate(Section.values().length * PART_BYTES);
    for (Section section : Section.values()) {
      Part part = files.getOrDefault(section, NOTHING);
      bytes
          .putLong(part.first())
          .putInt(part.elements())
          .put(HexFormat.of().parseHex(part.sha256()));
    }
    return bytes.array();
  }

  static OwnedParts parse(byte[] from) {
    ByteBuffer bytes = ByteBuffer.wrap(from);
    Map<Section, Part> files = new EnumMap<>(Section.class);
    byte[] hash = new byte[HASH_BYTES];
    for (Section section : Section.values()) {
      long first = bytes.getLong();
      int elements = bytes.getInt();
      bytes.get(hash);
      if (elements > 0) {
        files.put(section, new Part(first, elements, HexFormat.of().formatHex(hash)));
      }
    }
    return new OwnedParts(files);
  }

  /**
   * What the replicas have written of every section.
   *
   * @param all what each has written, by rank: their ranges rise with their ranks
   * @param owned what this replica owns, which tells how long a section is
   * @throws IllegalStateException if a value was written by nobody or by two
   */
  static Map<Section, List<Part>> together(List<OwnedParts> all, Map<Section, OwnedRange> owned) {
    Map<Section, List<Part>> together = new EnumMap<>(Section.class);
    for (Section section : Section.values()) {
      List<Part> parts = new ArrayList<>();
      long end = 0;
      for (OwnedParts of : all) {
        Part part = of.files.getOrDefault(section, NOTHING);
        if (part.elements() > 0) {
          expectNext(section, end, part.first());
          parts.add(part);
          end = part.end();
        }
      }
      expectNext(section, end, owned.get(section).sectionLength());
      together.put(section, parts);
    }
    return together;
  }

  private static void expectNext(Section section, long end, long next) {
    if (end != next) {
      throw new IllegalStateException(
          "section=%s: replicas own values up to %d and from %d on, expected neither gap nor overlap"
              .formatted(section.key(), end, next));
    }
  }
}
