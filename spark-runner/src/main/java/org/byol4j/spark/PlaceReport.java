package org.byol4j.spark;

import java.io.Serializable;
import java.util.List;
import org.byol4j.doctor.Finding;

/**
 * What was found where a replica runs or would run.
 *
 * @param place rank, host and executor, for people
 */
public record PlaceReport(String place, List<Finding> findings) implements Serializable {
  public PlaceReport {
    findings = List.copyOf(findings);
  }
}
