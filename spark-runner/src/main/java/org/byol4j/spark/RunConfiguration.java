package org.byol4j.spark;

import org.byol4j.config.Configuration;
import org.byol4j.config.ConfigurationText;
import org.byol4j.spark.storage.Places;
import org.byol4j.train.RunSettings;
import org.byol4j.train.RunSettings.Resume;

/** What a run is told, from its configuration. */
public final class RunConfiguration {
  private RunConfiguration() {}

  /**
   * The settings of a run.
   *
   * @param data where the images are, a path or a URI of Hadoop
   * @param out the run's folder, a path or a URI of Hadoop
   * @throws org.byol4j.checkpoint.PlaceException if one of these can never be
   */
  public static RunSettings settings(
      Configuration configuration, String data, String out, Resume resume) {
    Places.expectFileSystem("--data", data, configuration.cluster().spark());
    Places.expectFolder("--out", out, configuration.cluster().spark());
    ConfigurationText text = configuration.text();
    return new RunSettings(
        Places.isShared(data) ? data : Places.onDisk(data).toString(),
        Places.run(out, configuration.lease(), configuration.cluster().spark()),
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
        configuration.exchange(),
        text.toString(),
        saved -> ConfigurationText.parse(saved).resumeDifferences(text));
  }
}
