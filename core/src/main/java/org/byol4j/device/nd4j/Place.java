package org.byol4j.device.nd4j;

/** Where an operand lies: a block of memory, or an area that may move to a larger one. */
interface Place {

  /** The block that it is now. */
  Memory memory();
}
