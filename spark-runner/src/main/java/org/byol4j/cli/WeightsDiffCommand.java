package org.byol4j.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.WeightsDiff;
import org.byol4j.checkpoint.WeightsDiff.Distance;
import org.byol4j.spark.storage.Places;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weights-diff}: how far apart two training states are. */
@Command(
    name = "weights-diff",
    description = {
      "Shows how far the online weights of two checkpoints are apart: |dA - dB| / |dB|, with"
          + " d = weights - base, of the whole and of each slice.",
      "A checkpoint is given by its folder, or by a run's, whose newest checkpoint is taken."
    })
final class WeightsDiffCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "A", description = "One checkpoint.")
  private String a;

  @Parameters(index = "1", paramLabel = "B", description = "The one it is measured against.")
  private String b;

  @Option(
      names = "--base",
      paramLabel = "INITIAL",
      description = "The checkpoint both started from; without it the base is zero.")
  private List<String> base = List.of();

  @Mixin private JsonOption json;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    WeightsDiff diff = diff();
    out.println(row(diff.whole()));
    diff.slices().forEach(slice -> out.println(row(slice)));
    Map<String, Double> slices = new LinkedHashMap<>();
    diff.slices().forEach(slice -> slices.put(slice.name(), slice.relative()));
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("whole", diff.whole().relative());
    values.put("slices", slices);
    json.end(out, values);
  }

  private WeightsDiff diff() {
    Checkpoint first = Places.checkpoint(a);
    Checkpoint second = Places.checkpoint(b);
    return base.isEmpty()
        ? WeightsDiff.between(first, second)
        : WeightsDiff.between(first, second, Places.checkpoint(base.get(0)));
  }

  private static String row(Distance distance) {
    return String.format(
        Locale.ROOT,
        "%-44s %.6e  (%.6e of %.6e)",
        distance.name(),
        distance.relative(),
        distance.difference(),
        distance.movement());
  }
}
