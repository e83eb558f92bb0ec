/**
 * From a decoded image to the float32 views that a network sees: the two random views of BYOL
 * (Grill et al. 2020, appendix B) in DeepMind's and in torchvision's formulas, and the centre crop
 * of evaluation. Imports only {@link org.byol4j.image}.
 */
package org.byol4j.augment;
