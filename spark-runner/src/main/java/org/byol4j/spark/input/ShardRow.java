package org.byol4j.spark.input;

import java.io.Serializable;

/** An encoded image with its id. */
public final class ShardRow implements Serializable {
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

  /** The rank of its path among those of all good images. */
  public int id() {
    return id;
  }

  /** Its path in the source, by which ids are ranked. */
  public String path() {
    return path;
  }

  /** The name of its class; empty if it has none. */
  public String className() {
    return className;
  }

  /** The encoded image, not a copy. */
  public byte[] bytes() {
    return bytes;
  }
}
