package org.byol4j.collective.tcp;

import java.util.List;
import java.util.Optional;

/** What a connection between two replicas is for; there is one of each between any two. */
enum Lane {
  /** Heartbeats and failures. */
  CONTROL(0),
  /** The operations of {@link TcpCollective}. */
  DATA(1),
  /** The operations of {@link TcpCollective#background}. */
  BACKGROUND(2);

  static final List<Lane> ALL = List.of(values());

  /** Its place in this list, which the protocol fixes. */
  private final int code;

  Lane(int code) {
    this.code = code;
  }

  static Optional<Lane> of(int code) {
    return ALL.stream().filter(lane -> lane.code == code).findFirst();
  }

  int code() {
    return code;
  }
}
