package org.byol4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.data.ImageSource;
import org.byol4j.data.ImageStore;
import org.byol4j.data.LoaderBenchmark;
import org.byol4j.device.Device;
import org.byol4j.train.Devices;
import org.byol4j.train.StopSignal;
import org.byol4j.train.ViewBenchmark;
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

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description =
          "Makes the views on this device, as compute.device with augment.on=device; without it, on"
              + " the threads that decode.")
  private Optional<String> device = Optional.empty();

  @Option(
      names = "--precision",
      paramLabel = "NAME",
      defaultValue = "fp32",
      description =
          "fp32, tf32 or bf16, as compute.precision; with --device; default: ${DEFAULT-VALUE}.")
  private String precision;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "256",
      description = "Images at a time; with --device; default: ${DEFAULT-VALUE}.")
  private int batch;

  @Mixin private JsonOption json;

  @Override
  public void run() {
    if (!(seconds > 0 && seconds < Double.POSITIVE_INFINITY)) {
      throw new ParameterException(
          spec.commandLine(), "--seconds=%s is out of range; allowed: above 0".formatted(seconds));
    }
    if (batch < 1) {
      throw new ParameterException(
          spec.commandLine(), "--batch=%d is out of range; allowed: at least 1".formatted(batch));
    }
    List<Assignment> assignments = new ArrayList<>();
    assignments.add(new Assignment("--size", "augment.size=" + size));
    assignments.add(new Assignment("--threads", "data.workers=" + threads));
    assignments.add(new Assignment("--style", "augment.style=" + style));
    device.ifPresent(
        name -> {
          assignments.add(new Assignment("--device", "compute.device=" + name));
          assignments.add(new Assignment("--precision", "compute.precision=" + precision));
          assignments.add(new Assignment("bench augment", "augment.on=device"));
        });
    Configuration configuration = Configuration.ofDefaults(assignments);
    try (TemporaryFolder folder = new TemporaryFolder()) {
      ImageStore store =
          ImageStore.open(
              ImageSource.at(data),
              folder.path(),
              configuration.data(),
              new BuildProgress(Clock.systemUTC(), new StopSignal()));
      if (device.isPresent()) {
        tell(onDevice(store, configuration));
        return;
      }
      tell(
          LoaderBenchmark.run(
              store,
              configuration.data(),
              configuration.augment(),
              configuration.train().seed(),
              seconds));
    }
  }

  private ViewBenchmark.Result onDevice(ImageStore store, Configuration configuration) {
    try (Device opened = Devices.open(configuration.compute())) {
      return ViewBenchmark.run(
          store,
          configuration.data(),
          configuration.augment(),
          opened,
          batch,
          configuration.train().seed(),
          seconds);
    }
  }

  private void tell(ViewBenchmark.Result result) {
    PrintWriter out = spec.commandLine().getOut();
    tellRate(out, result.imagesPerSecond(), result.images(), result.seconds());
    out.println(
        String.format(
            Locale.ROOT,
            "%.2f images/s by the device alone; %.0f bytes of pixels go up for an image",
            result.deviceImagesPerSecond(),
            result.bytesPerImage()));
    Map<String, Object> values =
        values(result.imagesPerSecond(), result.images(), result.seconds());
    values.put("device_img_per_s", result.deviceImagesPerSecond());
    values.put("bytes_per_image", result.bytesPerImage());
    json.end(out, values);
  }

  private void tell(LoaderBenchmark.Result result) {
    PrintWriter out = spec.commandLine().getOut();
    tellRate(out, result.imagesPerSecond(), result.images(), result.seconds());
    json.end(out, values(result.imagesPerSecond(), result.images(), result.seconds()));
  }

  private void tellRate(PrintWriter out, double imagesPerSecond, long images, double elapsed) {
    out.println(
        String.format(
            Locale.ROOT,
            "%.2f images/s: %d images in %.2f s, two views of %s pixels each, style=%s threads=%s",
            imagesPerSecond,
            images,
            elapsed,
            size,
            style,
            threads));
  }

  private static Map<String, Object> values(double imagesPerSecond, long images, double elapsed) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("img_per_s", imagesPerSecond);
    values.put("images", images);
    values.put("seconds", elapsed);
    values.put("peak_rss_mb", PeakMemory.residentMb());
    return values;
  }
}
