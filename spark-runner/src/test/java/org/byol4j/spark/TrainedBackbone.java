package org.byol4j.spark;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;

/**
 * A run of a few steps, for tests of other packages.
 *
 * @param run its folder
 */
public record TrainedBackbone(Path run, Configuration configuration) {

  /** Trains in {@code folder}. */
  public static TrainedBackbone in(Path folder) {
    SmallRun run = SmallRun.in(folder, "run");
    run.onThreads();
    return new TrainedBackbone(run.out(), run.configuration());
  }

  /** A Spark that knows nothing of us but where our classes are. */
  public SparkSession session(String master) {
    SparkSession.Builder builder =
        SparkSession.builder()
            .master(master)
            .config("spark.ui.enabled", "false")
            // of a few rows, where Spark would make 200
            .config("spark.sql.shuffle.partitions", "2");
    Configuration.ofDefaults(
            Stream.of(BarrierLauncherTest.onOurClasses())
                .map(text -> new Assignment("--set", text))
                .toList())
        .cluster()
        .spark()
        .forEach((name, value) -> builder.config("spark." + name, value));
    return builder.getOrCreate();
  }
}
