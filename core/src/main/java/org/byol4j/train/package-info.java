/**
 * The training step and the loop around it. {@link org.byol4j.train.ByolStep} is the paper's
 * algorithm, {@link org.byol4j.train.Replica} holds what one replica computes with, and {@link
 * org.byol4j.train.Trainer} drives the replicas of this process from the first step to the last.
 * Imports every other package of the core but {@code config}.
 */
package org.byol4j.train;
