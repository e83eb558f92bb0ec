package org.byol4j.collective;

import java.util.function.Consumer;

/**
 * One replica's handle on a fixed group of replicas that advance in lockstep.
 *
 * <p>Every replica must call the same operations, in the same order, with the same lengths. A
 * replica that does otherwise fails the whole group: nobody is left waiting.
 *
 * <p>Sums are taken in rank order whatever the order of arrival, so all replicas hold bitwise equal
 * results and a run can be repeated. A handle is confined to one thread, but for {@link #abort}.
 *
 * <p>Every operation throws {@link CollectiveException} if a replica is lost, late, or out of step.
 */
public interface Collective extends AutoCloseable {

  /** This replica's index in {@code [0, size)}. */
  int rank();

  /** The number of replicas in the group. */
  int size();

  /** Replaces each value by its sum over all replicas. */
  void allReduceSum(double[] values);

  /**
   * Collects the values of all replicas: those of rank {@code r} come to {@code all[r *
   * mine.length]} and on.
   */
  void allGather(double[] mine, double[] all);

  /**
   * Sums {@code values} over all replicas; afterwards rank {@code r} holds the sums of the elements
   * {@code [bounds[r], bounds[r + 1])}, and what its other elements hold is not defined.
   */
  void reduceScatterSum(Vector values, long[] bounds);

  /** Gives every replica the elements {@code [bounds[r], bounds[r + 1])} of each rank {@code r}. */
  void allGather(Vector values, long[] bounds);

  /**
   * Whether {@link #startAllGather} can be used for what {@code holder} holds: numbers in the
   * memory of a device that is connected with those of the other replicas. The same on all of them.
   */
  default boolean reaches(Object holder) {
    return false;
  }

  /**
   * Starts to give every replica the numbers of all others, from device to device. What {@code
   * holder} holds is an equal part for each rank, in rank order; this replica's is there. Returns
   * before that is done: what is started on the device from now on comes after it, and who waits
   * for the device hears of a failure, as of one of any operation.
   *
   * @throws UnsupportedOperationException unless this {@link #reaches} it
   */
  default void startAllGather(Object holder) {
    throw new UnsupportedOperationException(
        "this group reaches no device's memory: holder=" + holder.getClass().getName());
  }

  /**
   * A second handle on the same group, whose operations have a way of their own: they and this
   * handle's neither wait for each other nor are in step, so that another thread may use it at the
   * same time. It fails when this one fails, and is closed with it.
   */
  Collective background();

  /**
   * How many bytes this replica has sent to the others so far, by all handles together: what it
   * handed to its connections, before encryption. 0 where replicas share memory.
   */
  long sentBytes();

  /**
   * Has {@code listener} hear the reason when the group fails, on the thread that notices; at once
   * if it has failed. It is to be quick, and not to call this collective.
   */
  void onFailure(Consumer<String> listener);

  /** Fails every operation of the group, now and from now on, with {@code reason}. */
  void abort(String reason);

  @Override
  void close();

  /** The group of one, in which every operation leaves its values as they are. */
  static Collective single() {
    return SingleReplica.INSTANCE;
  }
}
