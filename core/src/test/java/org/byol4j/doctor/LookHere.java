package org.byol4j.doctor;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.doctor.Finding.Level;
import org.byol4j.train.ReplicaMemory;

/**
 * The checks of {@code bin/byol4j doctor} on this machine where there is no Spark: {@code
 * bin/carry-to-gpu}. Arguments: any number of {@code KEY=VALUE}. Ends with 69 after a fault, as the
 * command does.
 */
final class LookHere {
  private static final int UNFIT = 69;

  private LookHere() {}

  public static void main(String[] arguments) {
    List<Assignment> assignments =
        Arrays.stream(arguments).map(text -> new Assignment("argument", text)).toList();
    Configuration configuration = Configuration.ofDefaults(assignments);
    int replicas = configuration.train().replicas();
    Path images = Path.of(System.getProperty("java.io.tmpdir"));
    List<Finding> findings =
        new Checkup(
                configuration.compute(),
                configuration.collective(),
                configuration.exchange(),
                replicas,
                ReplicaMemory.of(
                    configuration.network(),
                    configuration.train(),
                    configuration.data().shards(),
                    configuration.augment().size()),
                new Checkup.Place("127.0.0.1", replicas, "", images))
            .findings();
    for (Finding finding : findings) {
      System.out.printf(
          "%-7s  %s: %s%s%n",
          finding.level(),
          finding.subject(),
          finding.state(),
          finding.advice().isEmpty() ? "" : "; " + finding.advice());
    }
    System.exit(findings.stream().anyMatch(f -> f.level() == Level.FAULT) ? UNFIT : 0);
  }
}
