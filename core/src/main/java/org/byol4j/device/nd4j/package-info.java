/**
 * {@link org.byol4j.device.Device} on ND4J 1.0.0-M2.1, float32, channels last. Nothing here names a
 * backend: the one that ND4J finds on the class path computes.
 *
 * <p>{@code Engine} owns the memory and the areas that operations share; {@code Call} is one of
 * ND4J's custom operations with its operands bound, {@code Copy} a copy between views. The other
 * classes put the operations of one concern together from those.
 */
package org.byol4j.device.nd4j;
