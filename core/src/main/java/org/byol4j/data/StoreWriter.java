package org.byol4j.data;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Turns the records of a build into the store's index, names and manifest. */
final class StoreWriter {
  private static final int NAMED_IN_ERRORS = 10;

  private final StoreFiles files;
  private final ImageRecords records;
  private final List<String> reasons;
  private final int[] good;
  private final int[] bad;

  /**
   * Puts the records in order.
   *
   * @param reasons what the numbers of bad records' reasons stand for
   */
  StoreWriter(StoreFiles files, ImageRecords records, List<String> reasons) {
    this.files = files;
    this.records = records;
    this.reasons = reasons;
    int[] sorted = records.sorted();
    this.good = IntStream.of(sorted).filter(record -> !records.isBad(record)).toArray();
    this.bad = IntStream.of(sorted).filter(records::isBad).toArray();
  }

  /**
   * Writes everything, the manifest last.
   *
   * @throws DataException if no image is left, or more are bad than {@code settings} tolerate
   */
  Manifest write(
      ImageSource source,
      DataSettings settings,
      Map<String, Integer> ignored,
      SegmentWriter segments)
      throws IOException {
    Map<String, Integer> badByReason = countReasons();
    writeBadImages();
    checkEnough(source, settings.maxBadFraction(), badByReason);
    List<String> classes = classes();
    Manifest manifest =
        new Manifest(
            Manifest.FORMAT,
            source.path().toAbsolutePath().toString(),
            source.fingerprint(),
            settings.maxPixels(),
            good.length,
            hash(),
            classes,
            badByReason,
            ignored,
            (long) good.length * StoreFiles.RECORD_BYTES,
            writeIndexAndNames(classes),
            segments.finish());
    files.commit(manifest);
    return manifest;
  }

  private Map<String, Integer> countReasons() {
    Map<String, Integer> counts = new TreeMap<>();
    for (int record : bad) {
      counts.merge(reasons.get(records.reason(record)), 1, Integer::sum);
    }
    return counts;
  }

  private void checkEnough(ImageSource source, double allowed, Map<String, Integer> badByReason) {
    int all = good.length + bad.length;
    if (all == 0) {
      throw new DataException(
          "no images: path=%s; expected .jpg, .jpeg or .png files".formatted(source.path()));
    }
    if (bad.length > allowed * all || good.length == 0) {
      List<String> first =
          IntStream.of(bad)
              .limit(NAMED_IN_ERRORS)
              .mapToObj(record -> path(record) + " (" + reasons.get(records.reason(record)) + ")")
              .toList();
      throw new DataException(
          "too many bad images: path=%s bad=%d of=%d reasons=%s first=%s; expected at most %s of them"
              .formatted(source.path(), bad.length, all, badByReason, first, allowed));
    }
  }

  private void writeBadImages() throws IOException {
    try (FileOutputStream file = new FileOutputStream(files.badImages().toFile());
        BufferedOutputStream out = new BufferedOutputStream(file)) {
      for (int record : bad) {
        out.write(
            (reasons.get(records.reason(record)) + "\t" + path(record) + "\n")
                .getBytes(StandardCharsets.UTF_8));
      }
      out.flush();
      file.getFD().sync();
    }
  }

  private List<String> classes() {
    TreeSet<byte[]> names = new TreeSet<>(Arrays::compareUnsigned);
    // an image that lies in no folder has no class
    String previous = "";
    for (int record : good) {
      String name = parentName(path(record));
      if (!name.isEmpty() && !name.equals(previous)) {
        names.add(name.getBytes(StandardCharsets.UTF_8));
        previous = name;
      }
    }
    List<String> classes = new ArrayList<>();
    for (byte[] name : names) {
      classes.add(new String(name, StandardCharsets.UTF_8));
    }
    return classes;
  }

  /** Returns the size of the file of names. */
  private long writeIndexAndNames(List<String> classes) throws IOException {
    Map<String, Integer> labels = new HashMap<>();
    for (String name : classes) {
      labels.put(name, labels.size());
    }
    int nameStart = 0;
    try (FileOutputStream indexFile = new FileOutputStream(files.index().toFile());
        FileOutputStream namesFile = new FileOutputStream(files.names().toFile());
        DataOutputStream index = new DataOutputStream(new BufferedOutputStream(indexFile));
        BufferedOutputStream names = new BufferedOutputStream(namesFile)) {
      for (int record : good) {
        byte[] name = records.path(record);
        names.write(name);
        index.writeLong(records.location(record));
        index.writeInt(records.length(record));
        index.writeInt(labels.getOrDefault(parentName(path(record)), -1));
        index.writeInt(nameStart);
        index.writeInt(name.length);
        nameStart += name.length;
      }
      index.flush();
      names.flush();
      indexFile.getFD().sync();
      namesFile.getFD().sync();
    }
    return nameStart;
  }

  private String hash() {
    ManifestHash hash = new ManifestHash();
    for (int record : good) {
      hash.add(records.path(record), records.hash(record));
    }
    return hash.hex();
  }

  private String path(int record) {
    return new String(records.path(record), StandardCharsets.UTF_8);
  }

  /** The name of the folder that {@code path} lies in, empty if that is the source itself. */
  static String parentName(String path) {
    int end = path.lastIndexOf('/');
    return end < 0 ? "" : path.substring(path.lastIndexOf('/', end - 1) + 1, end);
  }
}
