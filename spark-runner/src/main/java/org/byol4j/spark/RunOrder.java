package org.byol4j.spark;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import org.byol4j.collective.tcp.JobSecret;
import org.byol4j.config.Configuration;
import org.byol4j.train.RunSettings.Resume;
import org.byol4j.train.RunStart;

/**
 * What the driver tells the replicas, in the closure of their tasks and nowhere else.
 *
 * @param configuration the resolved configuration as text
 * @param data where the images are
 * @param out the run's folder
 * @param dataSha256 the hash of the images' manifest
 * @param checkpoint the checkpoint that is continued; empty to start anew
 * @param session tells this launch from all others
 * @param secret what the replicas of this launch know each other by
 */
record RunOrder(
    String configuration,
    String data,
    String out,
    String dataSha256,
    String checkpoint,
    long session,
    JobSecret secret)
    implements Serializable {

  static RunOrder of(RunStart start, long session, JobSecret secret) {
    return new RunOrder(
        start.settings().configuration(),
        start.settings().data().toAbsolutePath().toString(),
        start.settings().out().toAbsolutePath().toString(),
        start.dataSha256(),
        start.checkpoint(),
        session,
        secret);
  }

  Configuration readConfiguration() {
    return Configuration.ofText(configuration, "the driver's configuration", List.of());
  }

  RunStart start(Configuration read) {
    return new RunStart(
        RunConfiguration.settings(read, Path.of(data), Path.of(out), Resume.AUTO),
        dataSha256,
        checkpoint);
  }
}
