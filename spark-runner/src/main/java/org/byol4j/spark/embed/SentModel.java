package org.byol4j.spark.embed;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.broadcast.Broadcast;
import org.byol4j.config.Configuration;

/**
 * A {@link BackboneModel} on its way to tasks; made by {@link BackboneModel#sendBy}.
 *
 * @param configuration the canonical text of the settings
 * @param id {@link BackboneModel#id}
 * @param values the parameters, then the running statistics
 */
public record SentModel(String configuration, String id, Broadcast<float[]> values)
    implements Serializable {

  Configuration settings() {
    return Configuration.ofText(configuration, "model " + id, List.of());
  }

  /** Frees what executors and driver hold of it; tasks that still run fail. */
  public void destroy() {
    values.destroy();
  }
}
