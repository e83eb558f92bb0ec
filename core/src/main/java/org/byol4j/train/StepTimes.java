package org.byol4j.train;

import org.byol4j.collective.TimedCollective;
import org.byol4j.paramserver.ParameterServer;

/**
 * What the time of a step goes to on one replica. What is spent on communication counts there, and
 * nowhere else.
 */
final class StepTimes {
  private final TimedCollective collective;
  private final ParameterServer server;
  private long communicatedBefore;
  private long passStart;
  private long forward;
  private long backward;

  /** Of steps that communicate by {@code collective}, and wait for the target's weights. */
  StepTimes(TimedCollective collective, ParameterServer server) {
    this.collective = collective;
    this.server = server;
  }

  /** A step begins. */
  void beginStep() {
    communicatedBefore = communicated();
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
    return communicated() - communicatedBefore;
  }

  /** A clock that stands still during communication. */
  private long computing() {
    return System.nanoTime() - communicated();
  }

  private long communicated() {
    return collective.nanos() + server.awaitedNanos();
  }
}
