package org.byol4j.device.cuda;

/**
 * The grid of a kernel that goes down the columns of {@code [rows, channels]}: blocks of 256
 * threads, x over channels and y over rows. A function of the shape alone, since the bits of sums
 * depend on it.
 *
 * @param isWide whether a thread has as many neighbouring channels as one load brings
 * @param groups how many blocks share the rows
 */
record ColumnGrid(boolean isWide, int lanes, int gridX, int groups) {

  private static final int THREADS = 256;
  private static final int WARP = 32;

  /** Enough blocks to fill a large GPU several times. */
  private static final int BLOCKS = 1024;

  /** Rows that are worth a thread. */
  private static final int ROWS_OF_A_THREAD = 16;

  /**
   * @param areAligned whether all tensors begin at multiples of 16 bytes
   */
  static ColumnGrid of(Element element, long rows, int channels, boolean areAligned) {
    ChannelGroups columns = ChannelGroups.of(element, channels, areAligned);
    int lanes = Math.min(WARP, powerOfTwoFrom(columns.count()));
    int gridX = (columns.count() + lanes - 1) / lanes;
    long rowsOfABlock = (long) THREADS / lanes * ROWS_OF_A_THREAD;
    long enough = (rows + rowsOfABlock - 1) / rowsOfABlock;
    int groups = (int) Math.min(enough, Math.max(1, BLOCKS / gridX));
    return new ColumnGrid(columns.isWide(), lanes, gridX, groups);
  }

  private static int powerOfTwoFrom(int value) {
    return value == 1 ? 1 : Integer.highestOneBit(value - 1) * 2;
  }

  /** Gives a kernel this grid. */
  Launch apply(Launch launch) {
    return launch.grid(gridX, groups).block(lanes, THREADS / lanes);
  }

  /** Gives a kernel that adds up the groups of each channel its grid. */
  static Launch finish(Launch launch, int channels) {
    return launch.grid((channels + WARP - 1) / WARP, 1).block(WARP, THREADS / WARP);
  }

  /** Bytes of two sums of each group and channel. */
  long partialBytes(int channels) {
    return 2L * groups * channels * Double.BYTES;
  }
}
