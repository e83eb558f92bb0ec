package org.byol4j.cli;

import java.io.Serializable;
import org.byol4j.collective.Collective;
import org.byol4j.config.Configuration;

/**
 * What each replica of a benchmark does.
 *
 * @param <T> what comes of it
 */
interface BenchWork<T extends Serializable> extends Serializable {

  /** Does it, as one replica of a group. */
  T run(Collective collective, Configuration configuration);
}
