/**
 * The training step and the loop around it. {@link org.byol4j.train.ByolStep} is the paper's
 * algorithm, {@link org.byol4j.train.Replica} holds what one replica computes with, and {@link
 * org.byol4j.train.Trainer} is the driver's part of a run, wherever its replicas are. Imports every
 * other package of the core but {@code config}, {@code doctor}, {@code collective.tcp} and {@code
 * device.nvidia}.
 */
package org.byol4j.train;
