/**
 * The networks: convolution, cross-replica batch normalization, linear layers, pooling, residual
 * networks and heads, written once over {@link org.byol4j.device.Device}.
 *
 * <p>A {@link org.byol4j.nn.Layer} is an immutable description. {@link org.byol4j.nn.Planner} walks
 * it once for a batch shape, forward and then backward, in the order in which the operations will
 * run; from that walk come the operations and the place of every tensor in one arena. Imports
 * {@code device}, {@code parameters} and {@code collective}.
 */
package org.byol4j.nn;
