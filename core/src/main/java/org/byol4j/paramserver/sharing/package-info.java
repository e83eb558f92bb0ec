/**
 * What replicas send each other where they share encoded gradients: each adds its gradient to a
 * residual and sends what exceeds a threshold, as Deeplearning4j does. Imports {@code collective},
 * {@code parameters}, ND4J and the threshold algorithms of Deeplearning4j.
 */
package org.byol4j.paramserver.sharing;
