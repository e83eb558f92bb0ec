package org.byol4j.paramserver.sharing;

import java.util.BitSet;
import org.byol4j.collective.CollectiveException;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The part of a gradient that one replica sends, as ND4J encodes it in integers, or nothing.
 *
 * <pre>
 *  0           1          2                  3             4
 *  +-----------+----------+------------------+-------------+--------------------------------+
 *  | elements  | elements | threshold,       | 0: indices  | per element 1 + its index,     |
 *  | (sent)    | in all   | bits of a float  | 1: bitmap   | negative where the value is    |
 *  +-----------+----------+------------------+-------------+--------------------------------+
 * </pre>
 *
 * The indices stand in no particular order: ND4J's threads write them as they come, so two runs may
 * send them differently. Each stands there once, so what they decode to is the same. A bitmap has
 * two bits an element, for minus the threshold, minus half of it, nothing and the threshold. ND4J
 * puts the number of all elements into its first field, too.
 */
public final class EncodedPart {
  private static final int HEADER = 4;
  private static final int INDICES = 0;
  private static final int BITMAP = 1;
  private static final int PER_BITMAP_WORD = 16;

  /** One bit for each element of a bitmap's word. */
  private static final int ELEMENTS_OF_WORD = 0xffff;

  private final int[] words;

  private EncodedPart(int[] words) {
    this.words = words;
  }

  /**
   * Takes what a replica has sent. ND4J decodes without a look at bounds, so this is where they are
   * checked.
   *
   * @param rank who has sent it, for messages
   * @param elements how many elements the gradient has
   * @param threshold the one that all replicas encode this step with
   * @throws CollectiveException if it is not a part of such a gradient
   */
  public static EncodedPart received(int[] words, int rank, int elements, double threshold) {
    if (words.length == 0) {
      return new EncodedPart(words);
    }
    boolean isGood =
        words.length > HEADER
            && words.length <= mostWords(elements)
            && words[1] == elements
            && words[2] == Float.floatToRawIntBits((float) threshold)
            && switch (words[3]) {
              case INDICES -> words[0] == words.length - HEADER && pointIntoOnce(words, elements);
              case BITMAP -> words[0] == elements && words.length == bitmapWords(elements);
              default -> false;
            };
    if (!isGood) {
      throw new CollectiveException(
          "encoded gradient: rank=%d sent words=%d which are no part of elements=%d at threshold=%s, expected ND4J's encoding of one"
              .formatted(rank, words.length, elements, (float) threshold));
    }
    return new EncodedPart(words);
  }

  /** The most words that a part of a gradient of so many elements takes. */
  public static int mostWords(int elements) {
    return bitmapWords(elements);
  }

  /** The length of a bitmap, as ND4J has it. */
  static int bitmapWords(int elements) {
    return elements / PER_BITMAP_WORD + HEADER + 1;
  }

  /** Whether so many elements take more room as indices than as a bitmap. */
  static boolean isDense(long sent, int elements) {
    return sent > elements / PER_BITMAP_WORD;
  }

  /** The share of the elements that was sent; of a bitmap those with either bit. */
  public double share(int elements) {
    return words.length == 0 ? 0 : (double) sent() / elements;
  }

  private long sent() {
    if (words[3] == INDICES) {
      return words[0];
    }
    long sent = 0;
    for (int i = HEADER; i < words.length; i++) {
      sent += Integer.bitCount((words[i] | words[i] >>> PER_BITMAP_WORD) & ELEMENTS_OF_WORD);
    }
    return sent;
  }

  /** Adds the values that were sent to {@code sum}, float32 {@code [elements]}. */
  public void addTo(INDArray sum) {
    if (words.length == 0) {
      return;
    }
    try (INDArray encoded = Nd4j.createFromArray(words)) {
      if (words[3] == BITMAP) {
        Nd4j.getExecutioner().bitmapDecode(encoded, sum);
      } else {
        Nd4j.getExecutioner().thresholdDecode(encoded, sum);
      }
    }
  }

  private static boolean pointIntoOnce(int[] words, int elements) {
    BitSet seen = new BitSet(elements);
    for (int i = HEADER; i < words.length; i++) {
      int place = Math.abs(words[i]);
      if (place < 1 || place > elements || seen.get(place - 1)) {
        return false;
      }
      seen.set(place - 1);
    }
    return true;
  }
}
