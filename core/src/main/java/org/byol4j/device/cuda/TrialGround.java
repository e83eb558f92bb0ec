package org.byol4j.device.cuda;

import java.util.function.LongFunction;

/**
 * Where ways to compute a convolution are tried: in the tensors that it is for, so that trials need
 * no copies of them. What a way writes there is lost, which is why making an operation may change
 * what it will overwrite. Filters' gradients are added to, and so tried elsewhere; masked gradients
 * are tried on values that are made for that, and only their results lie here.
 *
 * @param x images, or where their gradient goes
 * @param w filters; 0 where their gradient is what is made
 * @param y what the filters make of the images, or its gradient
 * @param lender has more memory for as long as a trial takes
 */
record TrialGround(long x, long w, long y, Lender lender) {

  /** Something that has memory of the GPU, and counts it as a workspace meanwhile. */
  @FunctionalInterface
  interface Lender {

    /**
     * Has {@code work} use {@code bytes} bytes of undefined content, which are given back when it
     * returns or throws.
     *
     * @throws OutOfMemoryError if there are none
     */
    <T> T lend(long bytes, LongFunction<T> work);
  }
}
