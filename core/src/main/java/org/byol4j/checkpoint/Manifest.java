package org.byol4j.checkpoint;

import java.util.Collections;
import java.util.EnumMap;
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
 * @param files the file of every section
 */
public record Manifest(
    long step,
    int epoch,
    RunIdentity identity,
    StateLayout layout,
    Map<String, Long> counters,
    Map<Section, SectionFile> files) {

  /** The name of the manifest's file. */
  public static final String FILE_NAME = "manifest.json";

  /** The version of the format that this program writes, and the newest that it reads. */
  public static final int FORMAT_VERSION = 1;

  public Manifest {
    counters = Collections.unmodifiableSortedMap(new TreeMap<>(counters));
    files = Collections.unmodifiableMap(new EnumMap<>(files));
  }

  /**
   * The file of one section.
   *
   * @param elements the number of float32 values in it
   * @param sha256 the hash of its bytes, in lower-case hexadecimal
   */
  public record SectionFile(int elements, String sha256) {

    public long lengthBytes() {
      return (long) elements * Float.BYTES;
    }
  }
}
