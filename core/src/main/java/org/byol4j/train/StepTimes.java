package org.byol4j.train;

import org.byol4j.collective.TimedCollective;

/**
 * What the time of a step goes to on one replica. What is spent on communication counts there, and
 * nowhere else.
 */
final class StepTimes {
  private final TimedCollective communication;
  private long communicatedBefore;
  private long passStart;
  private long forward;
  private long backward;

  /** Of steps that communicate by {@code communication}. */
  StepTimes(TimedCollective communication) {
    this.communication = communication;
  }

  /** A step begins. */
  void beginStep() {
    communicatedBefore = communication.nanos();
    forward = 0;
    backward = 0;
  }

  /** A view goes forward. */
  void beginView() {
    passStart = computing();
  }

  /** It has gone forward through both networks, and goes backward. */
  void endForward() {
    long now = computing();
    forward += now - passStart;
    passStart = now;
  }

  /** It has gone backward. */
  void endBackward() {
    backward += computing() - passStart;
  }

  /** Nanoseconds of this step's forward passes. */
  long forwardNanos() {
    return forward;
  }

  /** Nanoseconds of this step's backward passes. */
  long backwardNanos() {
    return backward;
  }

  /** Nanoseconds of this step's communication, waiting for other replicas included. */
  long communicationNanos() {
    return communication.nanos() - communicatedBefore;
  }

  /** A clock that stands still during communication. */
  private long computing() {
    return System.nanoTime() - communication.nanos();
  }
}
