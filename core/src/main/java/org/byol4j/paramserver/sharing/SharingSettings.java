package org.byol4j.paramserver.sharing;

/**
 * How much of a gradient is sent. The threshold is that of Deeplearning4j's {@code
 * AdaptiveThresholdAlgorithm}.
 *
 * @param initialThreshold what an element of residual and gradient must reach in the first step, in
 *     the {@linkplain TensorUnits unit} of its tensor; 0 for what {@code maxShare} of the elements
 *     of the first gradients reach
 * @param minShare the share of elements below which the threshold falls
 * @param maxShare the share of elements above which it rises
 * @param thresholdDecay what it is multiplied with, or divided by, in a step
 * @param clipMultiple the residual is cut at so many thresholds; 0 for never
 * @param clipEverySteps how often it is cut
 * @param staleness how many steps later than its own an update is done, so that parts may travel
 *     meanwhile; 0 for a step that waits for them
 */
public record SharingSettings(
    double initialThreshold,
    double minShare,
    double maxShare,
    double thresholdDecay,
    double clipMultiple,
    int clipEverySteps,
    int staleness) {}
