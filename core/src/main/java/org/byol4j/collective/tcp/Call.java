package org.byol4j.collective.tcp;

/** The operations that frames are for. */
enum Call {
  JOIN(0, "join"),
  ALL_REDUCE(1, "allReduceSum"),
  ALL_GATHER(2, "allGather"),
  REDUCE_SCATTER(3, "reduceScatterSum"),
  ALL_GATHER_VECTOR(4, "allGather");

  /** Its place in this list, which the protocol fixes. */
  private final byte code;

  private final String text;

  Call(int code, String text) {
    this.code = (byte) code;
    this.text = text;
  }

  byte code() {
    return code;
  }

  @Override
  public String toString() {
    return text;
  }
}
