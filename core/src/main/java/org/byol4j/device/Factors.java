package org.byol4j.device;

/** Two tensors of as many elements, whose products are to be summed; they may be the same. */
public record Factors(Tensor a, Tensor b) {}
