package org.byol4j.train;

/**
 * How a run ended.
 *
 * @param steps how many optimizer steps are done, those before a resume included
 * @param finished whether these are all steps of the run; if not, a stop was requested
 * @param loss the loss of the last step; not a number if none was run
 * @param imagesPerSecond images of the whole batch over the time of this part of the run
 * @param seconds how long this part of the run took, from the first step to the last checkpoint
 * @param checkpoint where the newest checkpoint lies
 */
public record RunSummary(
    long steps,
    boolean finished,
    double loss,
    double imagesPerSecond,
    double seconds,
    String checkpoint) {

  /** Of a run that had reached its end before: no step was run. */
  static RunSummary alreadyComplete(long steps, String checkpoint) {
    return new RunSummary(steps, true, Double.NaN, 0, 0, checkpoint);
  }

  /** Whether there was nothing left to do. */
  public boolean wasComplete() {
    return finished && Double.isNaN(loss);
  }
}
