package org.byol4j.device.cuda;

import java.util.ArrayList;
import java.util.List;

/**
 * How long something native lives: until whoever made it has closed it and nothing is left that was
 * built from it. It is freed before what it was built from.
 */
final class Lifetime implements AutoCloseable {
  private final Runnable free;
  private final List<Lifetime> foundations = new ArrayList<>();

  /** Who made it, while it is not closed, and what was built from it. */
  private int users = 1;

  private boolean isClosed;

  /**
   * Begins with its maker as the only user.
   *
   * @param free frees it; called once
   */
  Lifetime(Runnable free) {
    this.free = free;
  }

  /**
   * Says that this was built from {@code foundation}, which lives as long from now on.
   *
   * @throws IllegalStateException if that is freed already
   */
  void buildOn(Lifetime foundation) {
    foundation.requireAlive();
    foundation.users++;
    foundations.add(foundation);
  }

  /**
   * Requires that it is not freed.
   *
   * @throws IllegalStateException if it is
   */
  void requireAlive() {
    if (!isAlive()) {
      throw new IllegalStateException("use of what is freed already");
    }
  }

  /** Whether it is not freed. */
  boolean isAlive() {
    return users > 0;
  }

  /** Says that its maker needs it no more; idempotent. */
  @Override
  public void close() {
    if (!isClosed) {
      isClosed = true;
      release();
    }
  }

  private void release() {
    users--;
    if (users == 0) {
      free.run();
      foundations.forEach(Lifetime::release);
      foundations.clear();
    }
  }
}
