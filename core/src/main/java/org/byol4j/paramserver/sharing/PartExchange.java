package org.byol4j.paramserver.sharing;

import java.util.List;
import java.util.Optional;
import org.byol4j.collective.CollectiveException;

/**
 * The way on which the encoded parts of all replicas come to all replicas.
 *
 * <p>All replicas send the parts of the same steps, in the order of the steps, and take them in
 * that order; several may be under way. Confined to one thread.
 */
public interface PartExchange extends AutoCloseable {

  /**
   * Sends this replica's part of a step to all others. It may still be on its way when this
   * returns, and what goes wrong with it may only show in {@link #take}.
   *
   * @param step the number of steps before this one
   * @param words the part, in {@link EncodedPart}'s layout
   * @throws CollectiveException if a replica is lost, late, or out of step
   */
  void send(long step, int[] words);

  /**
   * Waits for the parts of the earliest step that was sent and not taken yet.
   *
   * @param step that step, for messages
   * @return what each replica has sent, by rank, this one included; {@link EncodedPart#received}
   *     says whether it is a part at all
   * @throws CollectiveException if a replica is lost, late, or out of step
   * @throws FaultyReplicaException if a replica sent what cannot be a part, or none
   */
  List<int[]> take(long step);

  /**
   * What a replica sent that was refused, of which the group has failed: whatever waits for the
   * group hears of that failure only.
   */
  default Optional<FaultyReplicaException> refusal() {
    return Optional.empty();
  }

  /** Frees what belongs to the exchange, after what was on its way has arrived or failed. */
  @Override
  void close();
}
