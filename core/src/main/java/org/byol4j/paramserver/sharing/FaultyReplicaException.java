package org.byol4j.paramserver.sharing;

/**
 * A replica has sent what none sends that works: it runs another version of this program, its
 * memory is broken, or it means harm. Unlike one that died it would do so again. Thrown where it
 * was noticed; the other replicas hear the reason as their group's failure.
 */
public final class FaultyReplicaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public FaultyReplicaException(String message) {
    super(message);
  }

  public FaultyReplicaException(String message, Throwable cause) {
    super(message, cause);
  }
}
