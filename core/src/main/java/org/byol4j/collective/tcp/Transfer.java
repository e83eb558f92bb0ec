package org.byol4j.collective.tcp;

/** One operation under way on a {@link Wire}: what is still to be sent and received. */
interface Transfer {

  /** Sends and receives what can be without waiting; false if nothing could. */
  boolean advance();

  /** Whether all is sent and received. */
  boolean isDone();

  /** What to wait for on the connection to {@code peer}, as a selector's set of operations. */
  int interest(int peer);

  /** Whether something of {@code peer} has not come yet. */
  boolean isMissing(int peer);

  /** The name of the operation. */
  Call call();

  /** What this replica called, for messages. */
  String describe();
}
