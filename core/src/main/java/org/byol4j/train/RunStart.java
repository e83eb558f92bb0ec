package org.byol4j.train;

/**
 * What is settled before the replicas start, and the same for all of them.
 *
 * @param dataSha256 the hash of the images' manifest
 * @param checkpoint the name of the checkpoint that is continued; empty to start anew
 */
public record RunStart(RunSettings settings, String dataSha256, String checkpoint) {

  /** Whether a checkpoint is continued. */
  public boolean isResumed() {
    return !checkpoint.isEmpty();
  }
}
