/**
 * How good features are: weighted k-nearest-neighbours, the baselines it is compared with, and the
 * measures by which a collapse is noticed. May import {@code nn}, {@code data} and {@code device}.
 */
package org.byol4j.eval;
