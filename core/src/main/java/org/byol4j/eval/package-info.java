/**
 * How good features are: weighted k-nearest-neighbours, the baselines it is compared with, and the
 * measures by which a collapse is noticed. May import {@code nn}, {@code data}, {@code device} and
 * {@code augment}.
 */
package org.byol4j.eval;
