package org.byol4j.device.cuda;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Which way was chosen for each convolution on one kind of GPU with one version of each library,
 * kept from one process to the next: ways differ in rounding, so a choice that was measured must be
 * measured once only. A file with a line for each convolution, its key and the way's name.
 */
final class PlanRecord {

  private static final String HEADER = "# convolutions and the way that was chosen for each\n";

  private final CacheFolder cache;
  private final String file;

  /**
   * @param gpu the GPU's name
   * @param cudnn the version of cuDNN
   * @param cublas the version of cuBLASLt
   */
  PlanRecord(CacheFolder cache, String gpu, long cudnn, long cublas) {
    this.cache = cache;
    file =
        "plans-%s-cudnn%d-cublas%d.txt"
            .formatted(gpu.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-"), cudnn, cublas);
  }

  /** The way that was chosen, if one was. */
  Optional<String> chosen(ConvolutionProblem problem) {
    return Optional.ofNullable(read().get(problem.key()));
  }

  /**
   * The way that counts for a problem: the one on record, else what {@code choice} names, which
   * goes on record first.
   *
   * @param maker makes a way of a name, if that can be done
   * @throws IllegalStateException if the one that counts cannot be made: another in its place would
   *     give other bits than the runs before
   */
  <W> W way(
      ConvolutionProblem problem, Supplier<String> choice, Function<String, Optional<W>> maker) {
    String name = chosen(problem).orElseGet(() -> keep(problem, choice.get()));
    return maker
        .apply(name)
        .orElseThrow(
            () ->
                new IllegalStateException(
                    ("cannot make the way on record for convolution=%s: way=%s file=%s;"
                            + " delete the file to choose anew, which may give other bits")
                        .formatted(problem.key(), name, cache.path().resolve(file))));
  }

  /** Keeps a choice, unless somebody else has kept one meanwhile; returns the one that counts. */
  String keep(ConvolutionProblem problem, String way) {
    return cache.alone(() -> keepAlone(problem, way));
  }

  private String keepAlone(ConvolutionProblem problem, String way) {
    Map<String, String> all = read();
    String earlier = all.putIfAbsent(problem.key(), way);
    if (earlier != null) {
      return earlier;
    }
    StringBuilder text = new StringBuilder(HEADER);
    all.forEach((key, value) -> text.append(key).append(' ').append(value).append('\n'));
    cache.put(file, text.toString().getBytes(StandardCharsets.UTF_8));
    return way;
  }

  private Map<String, String> read() {
    Map<String, String> all = new TreeMap<>();
    String text =
        cache.get(file).map(bytes -> new String(bytes, StandardCharsets.UTF_8)).orElse("");
    text.lines()
        .filter(line -> !line.startsWith("#"))
        .map(line -> line.split(" "))
        .filter(words -> words.length == 2)
        .forEach(words -> all.put(words[0], words[1]));
    return all;
  }
}
