package org.byol4j.spark.input;

import java.io.Serializable;

/** An image of a shard. */
final class ShardRow implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int id;
  private final String path;
  private final String className;
  private final byte[] bytes;

  /**
   * @param className empty if it has none
   * @param bytes the encoded image, as its source has it; stays as it is from now on
   */
  ShardRow(int id, String path, String className, byte[] bytes) {
    this.id = id;
    this.path = path;
    this.className = className;
    this.bytes = bytes;
  }

  int id() {
    return id;
  }

  String path() {
    return path;
  }

  String className() {
    return className;
  }

  byte[] bytes() {
    return bytes;
  }
}
