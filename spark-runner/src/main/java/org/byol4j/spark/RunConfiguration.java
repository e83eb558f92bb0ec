package org.byol4j.spark;

import java.nio.file.Path;
import org.byol4j.config.Configuration;
import org.byol4j.config.ConfigurationText;
import org.byol4j.train.RunSettings;
import org.byol4j.train.RunSettings.Resume;

/** What a run is told, from its configuration. */
public final class RunConfiguration {
  private RunConfiguration() {}

  /**
   * The settings of a run.
   *
   * @param data where the images are
   * @param out the run's folder
   */
  public static RunSettings settings(
      Configuration configuration, Path data, Path out, Resume resume) {
    ConfigurationText text = configuration.text();
    return new RunSettings(
        data,
        out,
        resume,
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
        text.toString(),
        saved -> ConfigurationText.parse(saved).resumeDifferences(text));
  }
}
