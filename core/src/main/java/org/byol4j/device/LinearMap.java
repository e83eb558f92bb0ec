package org.byol4j.device;

/**
 * A product of an input with weights, linear in both: a convolution or a matrix product.
 *
 * <p>The three kinds of operation may be asked for any number of times, for different tensors of
 * the same shapes. Weights changed through the device ({@link Device#write}, {@link Device#update},
 * {@link Device#axpby}, {@link Device#copy}, {@link Device#fill}, {@link HostWindow#written}), be
 * it through a larger tensor that they are a view of, are seen by the next run of any of them.
 *
 * <p>Making an operation may change the tensor that it overwrites, {@code y} or {@code dx}: a
 * device may try there what is fastest.
 */
public interface LinearMap {

  /** Makes {@code y = w * x}. */
  Op forward(Tensor x, Tensor y);

  /** Makes {@code dx}, the gradient with respect to {@code x}; overwrites it. */
  Op backwardData(Tensor dy, Tensor dx);

  /**
   * Adds the gradient with respect to the weights to {@code gradient}, laid out like the weights.
   */
  Op backwardWeights(Tensor x, Tensor dy, Tensor gradient);
}
