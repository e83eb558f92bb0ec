package org.byol4j.device.cuda;

/**
 * Adds what came from other replicas to the own elements, each in rank order and in float: {@code
 * ((r0 + r1) + r2) + ...}, the bits of {@link org.byol4j.collective.RankOrderSum}.
 */
final class RankOrderSumKernel {
  private static final int MOST_BLOCKS = 2048;

  private final Gpu.Kernel kernel;
  private final Arguments arguments;
  private final int own;
  private final int others;
  private final int stride;
  private final int count;

  /**
   * @param rank this replica's
   * @param size how many replicas there are
   */
  RankOrderSumKernel(Engine engine, int rank, int size) {
    kernel = engine.gpu().kernel("collective", Element.FP32, "rank_order_sum");
    arguments = engine.arguments();
    own = arguments.addLong(0);
    others = arguments.addLong(0);
    stride = arguments.addLong(0);
    arguments.addInt(rank);
    arguments.addInt(size);
    count = arguments.addLong(0);
  }

  /**
   * Starts it.
   *
   * @param ownAddress the own elements, which become the sums
   * @param othersAddress those of the others, by rank without this one
   * @param strideElements how far it is from one replica's to the next one's
   * @param elements how many
   */
  void run(long ownAddress, long othersAddress, long strideElements, long elements) {
    arguments.setLong(own, ownAddress);
    arguments.setLong(others, othersAddress);
    arguments.setLong(stride, strideElements);
    arguments.setLong(count, elements);
    int blocks = (int) Math.min(MOST_BLOCKS, (elements + Launch.BLOCK - 1) / Launch.BLOCK);
    kernel.launch(blocks, 1, Launch.BLOCK, 1, arguments);
  }
}
