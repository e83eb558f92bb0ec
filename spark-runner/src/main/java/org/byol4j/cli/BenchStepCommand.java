package org.byol4j.cli;

import java.io.PrintWriter;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveSettings;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.device.Device;
import org.byol4j.device.cuda.GpuGroup;
import org.byol4j.train.Devices;
import org.byol4j.train.LocalReplicas;
import org.byol4j.train.StepBenchmark;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench step}: the training's own step, on random images. */
@Command(
    name = "step",
    description = {
      "Measures whole training steps on random images, after "
          + StepBenchmark.WARMUP_STEPS
          + " that are not timed.",
      "Heads are 256 wide at the end, padding is torch's, the optimizer is SGD."
    })
final class BenchStepCommand implements Runnable {
  private static final int SMALLEST_IMAGE = 8;
  private static final String SHARING_MODE = "gradient-sharing";
  private static final String SHARING = SHARING_MODE + ".";

  @Spec private CommandSpec spec;

  @Option(
      names = "--backbone",
      required = true,
      paramLabel = "NAME",
      description = "resnet18, resnet34, resnet50, resnet101, resnet152 or resnet200.")
  private String backbone;

  @Option(
      names = "--stem",
      required = true,
      paramLabel = "NAME",
      description = "cifar or imagenet.")
  private String stem;

  @Option(
      names = "--image",
      required = true,
      paramLabel = "N",
      description = "Height and width of a view, in pixels.")
  private int image;

  @Option(
      names = "--batch",
      required = true,
      paramLabel = "N",
      description = "Images per step, over all replicas.")
  private String batch;

  @Option(
      names = "--threads",
      required = true,
      paramLabel = "N",
      description = "Threads that each replica computes with.")
  private String threads;

  @Option(names = "--steps", required = true, paramLabel = "N", description = "Steps to time.")
  private int steps;

  @Option(
      names = "--hidden",
      paramLabel = "N",
      defaultValue = "4096",
      description = "Width of the heads' hidden layer; default: ${DEFAULT-VALUE}.")
  private String hidden;

  @Option(
      names = "--replicas",
      paramLabel = "N",
      defaultValue = "1",
      description = "Replicas that share the batch; default: ${DEFAULT-VALUE}.")
  private String replicas;

  /** What replicas are, and how they talk. */
  enum Replicas {
    LOCAL,
    TCP,
    NCCL
  }

  @Option(
      names = "--collective",
      paramLabel = "NAME",
      defaultValue = "local",
      description =
          "local: replicas are threads of this process; tcp: processes of their own, connected over"
              + " loopback; nccl: the same, each with a GPU of its own, from GPU to GPU; default:"
              + " ${DEFAULT-VALUE}.")
  private Replicas collective;

  @Option(
      names = "--mode",
      paramLabel = "NAME",
      defaultValue = "synchronous",
      description =
          "synchronous or gradient-sharing, as parameter-server.mode; default: ${DEFAULT-VALUE}.")
  private String mode;

  @Option(
      names = "--set",
      paramLabel = "gradient-sharing.KEY=VALUE",
      description = "Sets a key of gradient-sharing, with that mode. May be given many times.")
  private List<String> sharing = new ArrayList<>();

  @Option(
      names = "--device",
      paramLabel = "NAME",
      defaultValue = "onednn",
      description = "onednn, nd4j or cuda, as compute.device; default: ${DEFAULT-VALUE}.")
  private String device;

  @Option(
      names = "--precision",
      paramLabel = "NAME",
      defaultValue = "fp32",
      description = "fp32, tf32 or bf16, as compute.precision; default: ${DEFAULT-VALUE}.")
  private String precision;

  @Option(
      names = "--convolution",
      paramLabel = "NAME",
      defaultValue = "auto",
      description = "auto or direct, as compute.convolution; default: ${DEFAULT-VALUE}.")
  private String convolution;

  @Option(
      names = "--cuda-graphs",
      paramLabel = "NAME",
      defaultValue = "auto",
      description = "auto or off, as compute.cuda.graphs; default: ${DEFAULT-VALUE}.")
  private String cudaGraphs;

  @Mixin private JsonOption json;

  @Override
  public void run() {
    expectAtLeast("--image", image, SMALLEST_IMAGE);
    expectAtLeast("--steps", steps, 1);
    List<Assignment> assignments = new ArrayList<>();
    for (String key : sharing) {
      if (!key.startsWith(SHARING)) {
        throw new ParameterException(
            spec.commandLine(), "--set %s; allowed: keys of %s".formatted(key, SHARING));
      }
      if (!mode.equals(SHARING_MODE)) {
        throw new ParameterException(
            spec.commandLine(),
            "--set %s means nothing with --mode %s; allowed: with --mode %s"
                .formatted(key, mode, SHARING_MODE));
      }
      assignments.add(new Assignment("--set", key));
    }
    assignments.addAll(
        List.of(
            new Assignment("--mode", "parameter-server.mode=" + mode),
            new Assignment("--backbone", "network.backbone=" + backbone),
            new Assignment("--stem", "network.stem=" + stem),
            new Assignment("--batch", "train.batch-size=" + batch),
            new Assignment("--threads", "compute.threads=" + threads),
            new Assignment("--device", "compute.device=" + device),
            new Assignment("--precision", "compute.precision=" + precision),
            new Assignment("--convolution", "compute.convolution=" + convolution),
            new Assignment("--cuda-graphs", "compute.cuda.graphs=" + cudaGraphs),
            new Assignment("--hidden", "heads.hidden=" + hidden),
            new Assignment("--replicas", "cluster.replicas=" + replicas),
            new Assignment("--collective", "collective.kind=" + kind()),
            new Assignment("bench step", "heads.output=256"),
            new Assignment("bench step", "heads.bias=both"),
            new Assignment("bench step", "network.padding=torch"),
            new Assignment("bench step", "network.init=torch"),
            new Assignment("bench step", "network.running-variance=unbiased"),
            new Assignment("bench step", "parameter-server.digest-every-steps=0")));
    // a fault is told before any process starts
    Configuration configuration = Configuration.ofDefaults(assignments);
    tell(measure(configuration, assignments), configuration);
  }

  private String kind() {
    return collective == Replicas.NCCL ? "nccl" : "tcp";
  }

  private void expectAtLeast(String option, int value, int least) {
    if (value < least) {
      throw new ParameterException(
          spec.commandLine(),
          "%s=%d is out of range; allowed: at least %d".formatted(option, value, least));
    }
  }

  /** What rank 0 measured. */
  private Outcome measure(Configuration configuration, List<Assignment> assignments) {
    int count = configuration.train().replicas();
    if (collective == Replicas.NCCL) {
      expectAtLeast("--replicas", count, 2);
      GpuGroup.requireHere(count);
    }
    Steps work = new Steps(image, steps);
    return collective == Replicas.LOCAL
        ? LocalReplicas.run(
                count,
                configuration.collective().progressTimeout(),
                group -> work.run(group, configuration))
            .get(0)
        : new BenchProcesses(assignments.stream().map(Assignment::text).toList())
            .run(count, Outcome.class, work);
  }

  private record Outcome(StepBenchmark.Result steps, double peakRssMb) implements Serializable {}

  private record Steps(int image, int steps) implements BenchWork<Outcome> {
    @Override
    public Outcome run(Collective collective, Configuration configuration) {
      int batch = configuration.train().batchSize();
      int from = (int) ((long) batch * collective.rank() / collective.size());
      int to = (int) ((long) batch * (collective.rank() + 1) / collective.size());
      try (Device device = Devices.open(configuration.compute(), gpu(collective, configuration));
          GpuGroup group = GpuGroup.of(collective, device, configuration.exchange(), Steps::say)) {
        return run(device, group, configuration, to - from);
      }
    }

    /** Standard output is for what is measured. */
    private static void say(String text) {
      System.err.println(text);
    }

    private Outcome run(Device device, GpuGroup group, Configuration configuration, int rows) {
      try {
        StepBenchmark.Result result =
            StepBenchmark.run(
                device,
                group.collective(),
                configuration.network(),
                configuration.server(),
                configuration.train().batchSize(),
                rows,
                image,
                steps);
        return new Outcome(result, PeakMemory.residentMb());
      } catch (RuntimeException | Error e) {
        group.failed(e);
        throw e;
      }
    }

    /** The address of a replica's GPU; none where all take the first. */
    private static String gpu(Collective collective, Configuration configuration) {
      return configuration.exchange().kind() == CollectiveSettings.Kind.NCCL
          ? Integer.toString(collective.rank())
          : "";
    }
  }

  private void tell(Outcome outcome, Configuration configuration) {
    StepBenchmark.Result result = outcome.steps();
    PrintWriter out = spec.commandLine().getOut();
    double rate = configuration.train().batchSize() / result.medianSeconds();
    out.println(
        String.format(
            Locale.ROOT,
            "%.2f images/s: %d images in %.4f s (median of %d steps), loss %.4f to %.4f",
            rate,
            configuration.train().batchSize(),
            result.medianSeconds(),
            steps,
            result.firstLoss(),
            result.lastLoss()));
    out.println(
        String.format(
            Locale.ROOT,
            "forward %.4f s, backward %.4f s, communication %.4f s, the rest %.4f s (medians)",
            result.forwardSeconds(),
            result.backwardSeconds(),
            result.communicationSeconds(),
            result.medianSeconds()
                - result.forwardSeconds()
                - result.backwardSeconds()
                - result.communicationSeconds()));
    if (result.sentBytes() > 0) {
      out.println(
          String.format(
              Locale.ROOT,
              "sent %.3f MB a step to the other replicas, by one of them (median)",
              result.sentBytes() / 1e6));
    }
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("img_per_s", rate);
    values.put("median_s", result.medianSeconds());
    values.put("forward_s", result.forwardSeconds());
    values.put("backward_s", result.backwardSeconds());
    values.put("communication_s", result.communicationSeconds());
    values.put("sent_bytes", result.sentBytes());
    values.put("mode", mode);
    values.put("replicas", configuration.train().replicas());
    values.put("collective", collective.name().toLowerCase(Locale.ROOT));
    values.put("peak_rss_mb", outcome.peakRssMb());
    values.put("device", configuration.compute().device());
    values.put("precision", configuration.compute().precision());
    values.put(
        "convolution", configuration.compute().convolution().name().toLowerCase(Locale.ROOT));
    values.put("first_loss", result.firstLoss());
    values.put("last_loss", result.lastLoss());
    json.end(out, values);
  }
}
