/**
 * Backbones on their way to and from other frameworks: safetensors, Deeplearning4j, ONNX, and model
 * cards. May import {@code nn}, {@code parameters}, {@code checkpoint} and the settings of {@code
 * augment}.
 */
package org.byol4j.exchange;
