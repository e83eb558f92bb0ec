package org.byol4j.device.cuda;

/** {@code collective.kind = nccl} cannot be had, and would not be if it were tried again. */
public final class NcclException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NcclException(String message) {
    super(message);
  }
}
