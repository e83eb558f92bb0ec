package org.byol4j.collective.tcp;

import java.io.IOException;

/** The other end of a new connection is no replica of this session, or cannot prove that it is. */
final class StrayException extends IOException {
  private static final long serialVersionUID = 1L;

  StrayException(String message) {
    super(message);
  }
}
