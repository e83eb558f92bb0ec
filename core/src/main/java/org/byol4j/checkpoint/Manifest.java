package org.byol4j.checkpoint;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a checkpoint says of itself, the file that makes it complete.
 *
 * @param step how many optimizer steps are done
 * @param epoch the epoch that the next step belongs to, counted from 0
 * @param identity what must be the same for the run to go on
 * @param layout the tables that lay out the sections
 * @param counters what else goes on counting, by name
 * @param algorithms what each replica's device had chosen by measuring, by rank; none where devices
 *     measure nothing, and in checkpoints of older programs
 * @param parts the files of every section, in the order of their values and without gaps; none for
 *     a section without values
 */
public record Manifest(
    long step,
    int epoch,
    RunIdentity identity,
    StateLayout layout,
    Map<String, Long> counters,
    List<Algorithms> algorithms,
    Map<Section, List<Part>> parts) {

  /** The name of the manifest's file. */
  public static final String FILE_NAME = "manifest.json";

  /** The newest version of the format that this program reads: with a residual. */
  public static final int NEWEST_VERSION = 3;

  /**
   * The version that is written where there is no residual; programs that know no newer read it.
   */
  private static final int VERSION_WITHOUT_RESIDUAL = 2;

  public Manifest {
    counters = Collections.unmodifiableSortedMap(new TreeMap<>(counters));
    algorithms = List.copyOf(algorithms);
    Map<Section, List<Part>> copy = new EnumMap<>(Section.class);
    parts.forEach((section, list) -> copy.put(section, List.copyOf(list)));
    parts = Collections.unmodifiableMap(copy);
  }

  /** The version of the format that this manifest is written in. */
  int version() {
    return elements(Section.RESIDUAL) > 0 ? NEWEST_VERSION : VERSION_WITHOUT_RESIDUAL;
  }

  /** The number of values of a section. */
  public long elements(Section section) {
    List<Part> files = parts.get(section);
    return files.isEmpty() ? 0 : files.get(files.size() - 1).end();
  }

  /** The name of the file of a part, which attempt {@code attempt} has written. */
  String fileName(Section section, Part part, int attempt) {
    return fileName(section, part, elements(section), attempt);
  }

  static String fileName(Section section, Part part, long sectionLength, int attempt) {
    return part.elements() == sectionLength
        ? section.fileName(attempt)
        : section.partName(part.first(), attempt);
  }

  /**
   * A file of a section.
   *
   * @param first the index in the section of its first value
   * @param elements the number of float32 values in it, at least 1
   * @param sha256 the hash of its bytes, in lower-case hexadecimal
   */
  public record Part(long first, int elements, String sha256) {

    /** The index behind its last value. */
    public long end() {
      return first + elements;
    }

    /** The length of the file: 4 bytes a value. */
    public long lengthBytes() {
      return (long) elements * Float.BYTES;
    }
  }
}
