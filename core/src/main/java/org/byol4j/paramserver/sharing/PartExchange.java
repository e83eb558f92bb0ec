package org.byol4j.paramserver.sharing;

import java.util.List;
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
   * @throws CollectiveException if a replica is lost, late, or out of step, or sent what cannot be
   *     a part
   */
  List<int[]> take(long step);

  /** Frees what belongs to the exchange, after what was on its way has arrived or failed. */
  @Override
  void close();
}
