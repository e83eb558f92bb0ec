package org.byol4j.spark;

import java.io.Serializable;
import java.util.List;

/**
 * What a replica tells the driver, in order. The answer is a {@link Boolean}: whether the run is to
 * stop. (Answers are of the JDK: an executor reads them before it has our jar.)
 *
 * @param session the launch that the replica belongs to
 * @param number 1 for the replica's first message, then one more each time; the same if a message
 *     is sent again
 */
record ReplicaMessage(long session, int rank, long number, List<ReplicaEvent> events)
    implements Serializable {
  ReplicaMessage {
    events = List.copyOf(events);
  }
}
