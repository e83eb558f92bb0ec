package org.byol4j.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.byol4j.checkpoint.RunStorage;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.data.StoreProgress;
import org.byol4j.train.RunSettings.Resume;

/**
 * A whole run in this process where there is no Spark: {@code bin/carry-to-gpu}. Arguments: a
 * configuration file, the images, the run's folder, and any number of {@code KEY=VALUE}. Ends with
 * a line of JSON; steps and evaluations are in the run's {@code metrics.jsonl}.
 */
final class TrainHere {
  private TrainHere() {}

  public static void main(String[] arguments) throws IOException {
    List<Assignment> assignments =
        Arrays.stream(arguments).skip(3).map(text -> new Assignment("argument", text)).toList();
    Configuration configuration = Configuration.ofFile(Path.of(arguments[0]), assignments);
    RunSettings settings =
        new RunSettings(
            arguments[1],
            RunStorage.of(Path.of(arguments[2])),
            Resume.NEVER,
            configuration.train(),
            configuration.data(),
            configuration.augment(),
            configuration.network(),
            configuration.optimizer(),
            configuration.target(),
            configuration.server(),
            configuration.checkpoint(),
            configuration.knn(),
            configuration.collapse(),
            configuration.compute(),
            configuration.exchange(),
            configuration.text().toString(),
            saved -> List.of());
    StopSignal stop = new StopSignal();
    ThreadLauncher launcher =
        new ThreadLauncher(configuration.collective().progressTimeout(), stop, RunObserver.NONE);
    RunSummary summary =
        new Trainer(settings, 0, launcher, stop, RunObserver.NONE, StoreProgress.NONE).run();
    System.out.println(new ObjectMapper().writeValueAsString(summary));
  }
}
