package org.byol4j.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.byol4j.collective.AllReduceBenchmark;
import org.byol4j.collective.Collective;
import org.byol4j.config.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench allreduce}: sums over processes of this machine, connected over loopback. */
@Command(
    name = "allreduce",
    description = {
      "Measures sums over replicas in processes of their own, over TCP on loopback.",
      "Below 64 KiB in one hop and in double, from there on reduce-scatter and all-gather of"
          + " float32."
    })
final class BenchAllReduceCommand implements Runnable {
  private static final int MOST_REPLICAS = 64;

  @Spec private CommandSpec spec;

  @Option(
      names = "--replicas",
      required = true,
      paramLabel = "N",
      description = "Processes that sum, 2 or more.")
  private int replicas;

  @Option(
      names = "--bytes",
      required = true,
      paramLabel = "B",
      description = "What each process adds, a multiple of 8.")
  private long bytes;

  @Option(
      names = "--iterations",
      paramLabel = "I",
      description = "Sums to time; default: 5000 of small ones, fewer of large ones.")
  private int iterations;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Sets one key of the configuration, such as collective.spin. May be given many times.")
  private List<String> assignments = new ArrayList<>();

  @Mixin private JsonOption json;

  @Override
  public void run() {
    expect("--replicas", replicas, replicas >= 2 && replicas <= MOST_REPLICAS, "2 to 64");
    boolean hasLength = bytes >= Double.BYTES && bytes <= Integer.MAX_VALUE;
    expect("--bytes", bytes, hasLength && bytes % Double.BYTES == 0, "a multiple of 8 below 2^31");
    expect("--iterations", iterations, iterations >= 0, "at least 1");
    // a fault is told before any process starts
    BenchReplica.configuration(assignments);
    int count = iterations == 0 ? AllReduceBenchmark.iterations(bytes) : iterations;
    tell(new BenchProcesses(assignments).run(replicas, double[].class, new Sums(bytes, count)));
  }

  private record Sums(long bytes, int iterations) implements BenchWork<double[]> {
    @Override
    public double[] run(Collective collective, Configuration configuration) {
      return AllReduceBenchmark.run(collective, bytes, iterations);
    }
  }

  private void expect(String option, long value, boolean isGood, String allowed) {
    if (!isGood) {
      throw new ParameterException(
          spec.commandLine(),
          "%s=%d is out of range; allowed: %s".formatted(option, value, allowed));
    }
  }

  private void tell(double[] seconds) {
    double median = (seconds[(seconds.length - 1) / 2] + seconds[seconds.length / 2]) / 2;
    double gigabytes = bytes / median / 1e9;
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        String.format(
            Locale.ROOT,
            "%.1f us, %.3f GB/s: %d bytes over %d processes (median of %d sums)",
            median * 1e6,
            gigabytes,
            bytes,
            replicas,
            seconds.length));
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("replicas", replicas);
    values.put("bytes", bytes);
    values.put("iterations", seconds.length);
    values.put("p50_us", median * 1e6);
    values.put("p99_us", seconds[(int) (0.99 * (seconds.length - 1))] * 1e6);
    values.put("algbw_gb_s", gigabytes);
    json.end(out, values);
  }
}
