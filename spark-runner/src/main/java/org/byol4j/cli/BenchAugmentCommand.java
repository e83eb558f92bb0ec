package org.byol4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.data.ImageSource;
import org.byol4j.data.ImageStore;
import org.byol4j.data.LoaderBenchmark;
import org.byol4j.train.StopSignal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench augment}: the training's own way from encoded images to batches of two views. */
@Command(
    name = "augment",
    description = "Measures decoding and augmentation: source images per second, both views made.")
final class BenchAugmentCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "PATH",
      description = "A folder of images, a .tar or a .tar.gz.")
  private Path data;

  @Option(
      names = "--size",
      required = true,
      paramLabel = "N",
      description = "Height and width of a view, in pixels.")
  private String size;

  @Option(
      names = "--threads",
      required = true,
      paramLabel = "N",
      description = "Threads that decode and augment.")
  private String threads;

  @Option(
      names = "--seconds",
      required = true,
      paramLabel = "S",
      description = "How long to measure, after a quarter of that untimed.")
  private double seconds;

  @Option(
      names = "--style",
      paramLabel = "STYLE",
      defaultValue = "deepmind",
      description = "deepmind or torchvision; default: ${DEFAULT-VALUE}.")
  private String style;

  @Mixin private JsonOption json;

  @Override
  public void run() {
    if (!(seconds > 0 && seconds < Double.POSITIVE_INFINITY)) {
      throw new ParameterException(
          spec.commandLine(), "--seconds=%s is out of range; allowed: above 0".formatted(seconds));
    }
    Configuration configuration =
        Configuration.ofDefaults(
            List.of(
                new Assignment("--size", "augment.size=" + size),
                new Assignment("--threads", "data.workers=" + threads),
                new Assignment("--style", "augment.style=" + style)));
    try (TemporaryFolder folder = new TemporaryFolder()) {
      ImageStore store =
          ImageStore.open(
              ImageSource.at(data),
              folder.path(),
              configuration.data(),
              new BuildProgress(Clock.systemUTC(), new StopSignal()));
      tell(
          LoaderBenchmark.run(
              store,
              configuration.data(),
              configuration.augment(),
              configuration.train().seed(),
              seconds));
    }
  }

  private void tell(LoaderBenchmark.Result result) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        String.format(
            Locale.ROOT,
            "%.2f images/s: %d images in %.2f s, two views of %s pixels each, style=%s threads=%s",
            result.imagesPerSecond(),
            result.images(),
            result.seconds(),
            size,
            style,
            threads));
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("img_per_s", result.imagesPerSecond());
    values.put("images", result.images());
    values.put("seconds", result.seconds());
    values.put("peak_rss_mb", PeakMemory.residentMb());
    json.end(out, values);
  }
}
