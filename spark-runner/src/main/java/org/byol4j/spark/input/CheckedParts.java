package org.byol4j.spark.input;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The parts of a source and the verdicts on them, a file each: what an ingest that is started again
 * does not do again. All but {@link #fingerprint} runs jobs of Spark, and throws what these throw.
 */
final class CheckedParts {
  /** The folder of the verdicts in that of the data set, deleted at the end. */
  static final String FOLDER = "_ingest";

  private static final int HASH_DIGITS = 16;

  private final JavaSparkContext spark;
  private final Location source;
  private final Location out;
  private final List<SourcePart> parts;
  private final long maxPixels;
  private final String fingerprint;

  /**
   * @param out the folder of the data set
   * @param maxPixels the largest image that is decoded, height times width
   */
  CheckedParts(
      JavaSparkContext spark,
      Location source,
      Location out,
      List<SourcePart> parts,
      long maxPixels) {
    this.spark = spark;
    this.source = source;
    this.out = out;
    this.parts = parts;
    this.maxPixels = maxPixels;
    this.fingerprint = SourceParts.fingerprint(parts, maxPixels);
  }

  /** A hash of all that the verdicts depend on and that the driver has seen. */
  String fingerprint() {
    return fingerprint;
  }

  /** The parts that have no verdicts yet. */
  List<Integer> open() throws IOException {
    Set<String> done = Set.copyOf(out.storage().list(FOLDER));
    return IntStream.range(0, parts.size())
        .filter(part -> !done.contains(nameOf(part, fingerprint)))
        .boxed()
        .toList();
  }

  /** Checks {@code open} parts, each by a task. */
  void check(List<Integer> open) {
    // tasks are handed what they need, and not this
    List<SourcePart> all = parts;
    Location from = source;
    Location to = out;
    long pixels = maxPixels;
    String hash = fingerprint;
    spark
        .parallelize(open, open.size())
        .foreach(
            part ->
                PartChecker.check(
                    all.get(part), from.files(), pixels, to.storage(), pathOf(part, hash)));
  }

  /** All verdicts. */
  JavaRDD<CheckedImage> verdicts() {
    Location to = out;
    String hash = fingerprint;
    return numbers().flatMap(part -> closedWithTheTask(reader(to, part, hash)));
  }

  /** How many files were passed over, by kind. */
  Map<String, Integer> ignored() {
    Location to = out;
    String hash = fingerprint;
    Map<String, Integer> all = new TreeMap<>();
    numbers()
        .map(part -> ignoredIn(reader(to, part, hash)))
        .collect()
        .forEach(kinds -> kinds.forEach((kind, count) -> all.merge(kind, count, Integer::sum)));
    return all;
  }

  private static Map<String, Integer> ignoredIn(VerdictFile.Reader part) {
    try (VerdictFile.Reader verdicts = part) {
      verdicts.forEachRemaining(verdict -> {});
      return verdicts.ignored();
    }
  }

  private JavaRDD<Integer> numbers() {
    return spark.parallelize(
        IntStream.range(0, parts.size()).boxed().toList(), Math.max(1, parts.size()));
  }

  private static VerdictFile.Reader reader(Location out, int part, String hash) {
    return new VerdictFile.Reader(out.storage(), pathOf(part, hash), part);
  }

  private static VerdictFile.Reader closedWithTheTask(VerdictFile.Reader verdicts) {
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> verdicts.close());
    return verdicts;
  }

  private static String pathOf(int part, String hash) {
    return FOLDER + "/" + nameOf(part, hash);
  }

  private static String nameOf(int part, String hash) {
    return "checked-%s-%06d.bin".formatted(hash.substring(0, HASH_DIGITS), part);
  }
}
