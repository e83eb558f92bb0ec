package org.byol4j.nn;

import org.byol4j.device.DeviceMemory;
import org.byol4j.device.DeviceMemoryError;

/**
 * The memory that a plan takes, for the message that there is too little: the arena's bytes grow
 * with the batch, and what convolutions work with roughly does.
 */
final class PlanMemory {

  /**
   * How many tensors as large as the largest operations may work with besides: copies of what a
   * convolution reads and writes, with more channels, and the library's scratch memory. Of the
   * devices ND4J takes most: 5.1 with ResNet-50 on images of 224, more where networks are narrow.
   */
  private static final int WORKSPACE_TENSORS = 8;

  private final int batch;
  private final long arenaElements;
  private final long largestElements;
  private final String remedy;

  /**
   * @param batch images that the plan is for
   * @param arenaElements elements of activations that it keeps
   * @param largestElements those of its largest tensor
   * @param remedy how to have fewer images at a time, behind that number
   */
  PlanMemory(int batch, long arenaElements, long largestElements, String remedy) {
    this.batch = batch;
    this.arenaElements = arenaElements;
    this.largestElements = largestElements;
    this.remedy = remedy;
  }

  /**
   * Says what the plan takes, what there is, and how many images would fit.
   *
   * @param hasArena whether the arena was allocated before memory ran out
   */
  DeviceMemoryError explained(DeviceMemoryError cause, boolean hasArena) {
    DeviceMemory memory = cause.memory();
    long arena = arenaElements * memory.activationElement();
    DeviceMemoryError explained =
        new DeviceMemoryError(
            ("no memory on the device for a plan of batch=%d images: activationBytes=%d"
                    + " activationBytesOfAnImage=%d parameterBytes=%d workspaceBytes=%d freeBytes=%d"
                    + " totalBytes=%d, expected at most %d images at a time on each replica%s (%s)")
                .formatted(
                    batch,
                    arena,
                    arena / batch,
                    memory.parameters(),
                    memory.workspace(),
                    memory.free(),
                    memory.total(),
                    largestBatch(memory, hasArena),
                    remedy,
                    cause.getMessage()),
            memory);
    explained.initCause(cause);
    return explained;
  }

  /**
   * How many images fit into what is free, less as much as parameters have: for momentum, and for
   * copies of weights in the form that convolutions want.
   */
  private long largestBatch(DeviceMemory memory, boolean hasArena) {
    double arena = (double) arenaElements * memory.activationElement();
    double room = memory.free() - (double) memory.parameters();
    double workspace = (double) WORKSPACE_TENSORS * largestElements * memory.activationElement();
    if (hasArena) {
      room += arena + memory.workspace();
      workspace = Math.max(workspace, (double) memory.workspace());
    }
    long fitting = (long) Math.floor(batch * room / (arena + workspace));
    return Math.max(0, Math.min(batch - 1L, fitting));
  }
}
