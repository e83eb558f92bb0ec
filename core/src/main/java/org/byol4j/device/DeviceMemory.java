package org.byol4j.device;

/**
 * What a device's memory is used for, in bytes.
 *
 * @param free what nobody has, in this process or another
 * @param total all that the device has
 * @param activations tensors of {@link Device#allocateActivations}
 * @param activationElement what one element of these takes
 * @param parameters tensors of {@link Device#allocate}: weights, their gradients and momentum
 * @param workspace what operations work with besides: copies, scratch memory of libraries, sums
 */
public record DeviceMemory(
    long free,
    long total,
    long activations,
    int activationElement,
    long parameters,
    long workspace) {

  /** What a block of memory is for. */
  public enum Purpose {
    ACTIVATIONS,
    PARAMETERS,
    WORKSPACE
  }
}
