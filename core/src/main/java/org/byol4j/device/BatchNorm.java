package org.byol4j.device;

import java.util.Optional;

/**
 * One batch normalization of {@code x} into {@code y} (Ioffe and Szegedy 2015, algorithm 1), bound
 * to its tensors: {@code y = scale * (x - mean) / sqrt(variance + epsilon) + shift}, per channel,
 * then what {@link Form} says.
 *
 * <p>Two ways forward. {@link #forwardLocal} takes the statistics of the local rows in one fused
 * operation: right for a group of one. Otherwise {@link #moments}, a merge over the replicas by the
 * caller, then {@link #normalize}. The backward pass must go the way the forward pass went.
 *
 * <p>{@code x} must keep its values until the backward pass; {@code y} and {@code residual} need
 * not.
 */
public interface BatchNorm {

  /** What follows the normalization. */
  enum Form {
    /** Nothing. */
    PLAIN,
    /** {@code y = max(0, normalized)}; the backward pass applies the mask itself. */
    RELU,
    /**
     * {@code y = max(0, normalized + residual)}. Its backward operations take the gradient with
     * respect to the sum: the caller masks it first, by {@link Device#reluBackward}, since the
     * shortcut needs it too.
     */
    ADD_RELU
  }

  /** Normalizes with the mean and biased variance of the local rows. */
  void forwardLocal();

  /**
   * Takes the local statistics: {@code moments[c]} becomes the mean of channel {@code c}, {@code
   * moments[channels + c]} its sum of squared differences from that mean.
   */
  void moments(double[] moments);

  /** Normalizes with the given statistics, {@code channels} values each; the variance is biased. */
  void normalize(double[] mean, double[] variance);

  /**
   * A third way forward, in place of {@link #moments} and {@link #normalize}, where the device can
   * merge the statistics of all replicas itself; asked for when the plan is made.
   *
   * @param rank this replica's
   * @param rows how many rows each replica has, by rank
   */
  default Optional<SharedPass> shared(int rank, long[] rows) {
    return Optional.empty();
  }

  /**
   * The means and, behind them, the biased variances that the last forward pass used, one a channel
   * each.
   */
  Figures statistics();

  /**
   * Binds the backward pass; {@code dy} and {@code dx} may be the same tensor. Bound before the
   * first forward pass, which keeps what the backward pass needs only if there is one.
   */
  Backward backward(Tensor dy, Tensor dx, Tensor scaleGradient, Tensor shiftGradient);

  /** The backward pass; each way adds the local rows' share to the scale and shift gradients. */
  interface Backward {

    /** The whole backward pass after {@link BatchNorm#forwardLocal}. */
    void local();

    /**
     * Takes the local sums: {@code sums[c]} becomes the sum of dz over the rows, {@code
     * sums[channels + c]} that of dz times the normalized x, where dz is dy behind the ReLU's mask,
     * if any.
     */
    void sums(double[] sums);

    /**
     * Makes {@code dx} from the sums over all replicas, laid out as by {@link #sums}, and the
     * number of rows they were taken over.
     */
    void apply(double[] sums, long rows);

    /**
     * The way back after {@link BatchNorm#shared}, in place of {@link #sums} and {@link #apply};
     * asked for when the plan is made.
     *
     * @param rank this replica's
     * @param rows how many rows each replica has, by rank
     */
    default Optional<SharedPass> shared(int rank, long[] rows) {
      return Optional.empty();
    }
  }
}
