package org.byol4j.spark;

import java.io.Serializable;
import java.util.List;
import org.byol4j.collective.tcp.JobSecret;
import org.byol4j.config.Configuration;
import org.byol4j.spark.storage.Places;
import org.byol4j.train.RunSettings.Resume;
import org.byol4j.train.RunStart;
import org.byol4j.train.SettledImages;

/**
 * What the driver tells the replicas, in the closure of their tasks and nowhere else.
 *
 * @param configuration the resolved configuration as text
 * @param data where the images are
 * @param out the run's folder
 * @param images the images, as the driver has settled them
 * @param checkpoint the checkpoint that is continued; empty to start anew
 * @param attempt the number of this launch in the life of the run
 * @param session tells this launch from all others
 * @param secret what the replicas of this launch know each other by
 */
record RunOrder(
    String configuration,
    String data,
    String out,
    SettledImages images,
    String checkpoint,
    int attempt,
    long session,
    JobSecret secret)
    implements Serializable {

  static RunOrder of(RunStart start, long session, JobSecret secret) {
    return new RunOrder(
        start.settings().configuration(),
        Places.absolute(start.settings().data()),
        Places.absolute(start.settings().out().location()),
        start.images(),
        start.checkpoint(),
        start.attempt(),
        session,
        secret);
  }

  Configuration readConfiguration() {
    return Configuration.ofText(configuration, "the driver's configuration", List.of());
  }

  RunStart start(Configuration read) {
    return new RunStart(
        RunConfiguration.settings(read, data, out, Resume.AUTO), images, checkpoint, attempt);
  }
}
