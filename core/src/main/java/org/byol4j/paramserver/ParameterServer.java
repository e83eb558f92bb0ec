package org.byol4j.paramserver;

import java.nio.FloatBuffer;
import org.byol4j.collective.CollectiveException;

/**
 * One replica's part in what turns the gradients of all replicas into new weights for all. Both
 * ways run the same optimizer and the same moving average; they differ in what travels.
 *
 * <p>All replicas call the same methods in the same order.
 */
public interface ParameterServer extends AutoCloseable {

  /**
   * Takes the local gradients of all replicas and starts to measure them; {@link #step} must
   * follow. Apart from it, so that one wait brings the measures and what else the device has for
   * the host.
   */
  void takeGradients();

  /**
   * Turns the gradients that were taken into new online and target weights.
   *
   * @param step the number of optimizer steps before this one, for messages
   * @param learningRate the rate of this step
   * @param targetDecay the share of itself that the target keeps; 1 leaves it alone
   * @throws NotFiniteException on every replica, before any weight changes, if a gradient is not
   *     finite
   * @throws DivergedException on every replica, if a comparison is due and their weights differ
   */
  void step(long step, double learningRate, double targetDecay);

  /**
   * Does the updates of steps that have not been done yet, where they come later than their step.
   * The weights are behind no step then, which is what checkpoints need.
   */
  void settle();

  /**
   * Where {@code failure} of the group comes from something that this replica has noticed behind
   * the back of its steps, that; else {@code failure}.
   */
  default RuntimeException reasonOf(CollectiveException failure) {
    return failure;
  }

  /**
   * Returns if all replicas hold the same weights, to the bit; a single replica does.
   *
   * @param step the last step that was done, for messages
   * @throws DivergedException on every replica if they do not
   */
  void compareReplicas(long step);

  /**
   * Moves the target weights towards the online ones: {@code target = decay * target + (1 - decay)
   * * online} (Grill et al. 2020, eq. 1). A decay of 1 leaves them as they are, to the bit. They
   * may still be on their way when this returns.
   */
  void moveTarget(double decay);

  /** Returns when the target weights of the last step have arrived; nobody reads them before. */
  void awaitTarget();

  /**
   * How long this thread has waited so far for what others bring beside it, in nanoseconds: target
   * weights, or parts of gradients.
   */
  long awaitedNanos();

  /**
   * The first element of the range of the online parameters that this replica writes to
   * checkpoints. Their momentum is here.
   */
  long ownedFrom();

  /** The element behind the owned range, which may be empty. */
  long ownedTo();

  /** The first element whose momentum is here, at most {@link #ownedFrom}. */
  long momentumFrom();

  /** The element behind the last one whose momentum is here, at least {@link #ownedTo}. */
  long momentumTo();

  /**
   * Fills what remains in {@code to} with the momentum of the elements from {@code from} on.
   *
   * @throws IllegalArgumentException if it is not here
   */
  void readMomentum(long from, FloatBuffer to);

  /**
   * Takes what remains in {@code values} as the momentum of the elements from {@code from} on.
   *
   * @throws IllegalArgumentException if they have no place here
   */
  void writeMomentum(long from, FloatBuffer values);

  /** Frees what belongs to the server, after what was on its way has arrived or failed. */
  @Override
  void close();
}
