package org.byol4j.device.cuda;

/**
 * Ranges cut into pieces, one a block of a grid: a function of the lengths alone, since the bits of
 * sums depend on it.
 *
 * @param table of each piece its range and its first element
 * @param first of each range its first piece, and behind them how many pieces there are
 */
@SuppressWarnings("ArrayRecordComponent")
record Pieces(long[] table, long[] first) {

  /** Elements of a piece; {@code PIECE} of flat.cu. */
  static final int ELEMENTS = 8192;

  private static final int OF_A_PIECE = 2;

  static Pieces of(long... lengths) {
    long[] first = new long[lengths.length + 1];
    for (int range = 0; range < lengths.length; range++) {
      first[range + 1] = first[range] + (lengths[range] + ELEMENTS - 1) / ELEMENTS;
    }
    long[] table = new long[Math.toIntExact(OF_A_PIECE * first[lengths.length])];
    for (int range = 0; range < lengths.length; range++) {
      for (long piece = first[range]; piece < first[range + 1]; piece++) {
        int at = OF_A_PIECE * (int) piece;
        table[at] = range;
        table[at + 1] = (piece - first[range]) * ELEMENTS;
      }
    }
    return new Pieces(table, first);
  }

  int count() {
    return table.length / OF_A_PIECE;
  }
}
