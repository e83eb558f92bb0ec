package org.byol4j.paramserver.sharing;

import java.util.Arrays;
import java.util.BitSet;
import org.byol4j.collective.CollectiveException;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The part of a gradient that one replica sends: encodings of ND4J in integers, one behind the
 * other, with thresholds that fall; each takes out of the residual what reaches its own. So large
 * elements go in large pieces, and do not wait for each other. Encodings of nothing are left out.
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
  /** What the threshold is multiplied with, from one encoding to the next. */
  private static final int[] MULTIPLES = {16, 4, 2, 1};

  private static final int HEADER = 4;
  private static final int INDICES = 0;
  private static final int BITMAP = 1;
  private static final int PER_BITMAP_WORD = 16;
  private static final int DENSE_FROM = 64;

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
    int at = 0;
    for (double of : thresholds(threshold)) {
      if (isEncoding(words, at, elements, (float) of)) {
        at = end(words, at);
      }
    }
    if (at != words.length) {
      throw new CollectiveException(
          "encoded gradient: rank=%d sent words=%d which are no part of elements=%d at threshold=%s, expected ND4J's encodings of one"
              .formatted(rank, words.length, elements, (float) threshold));
    }
    return new EncodedPart(words);
  }

  /** The thresholds that a part is encoded with, one after the other. */
  static double[] thresholds(double last) {
    return Arrays.stream(MULTIPLES).mapToDouble(multiple -> multiple * last).toArray();
  }

  private static boolean isEncoding(int[] words, int at, int elements, float threshold) {
    int left = words.length - at;
    if (left <= HEADER
        || words[at + 1] != elements
        || words[at + 2] != Float.floatToRawIntBits(threshold)) {
      return false;
    }
    return switch (words[at + 3]) {
      case INDICES ->
          words[at] > 0
              && words[at] <= left - HEADER
              && pointIntoOnce(words, at + HEADER, end(words, at), elements);
      case BITMAP -> words[at] == elements && bitmapWords(elements) <= left;
      default -> false;
    };
  }

  /** Where the encoding that begins at {@code at} ends. */
  private static int end(int[] words, int at) {
    return at + (isBitmap(words, at) ? bitmapWords(words[at]) : HEADER + words[at]);
  }

  private static boolean isBitmap(int[] words, int at) {
    return words[at + 3] == BITMAP;
  }

  /** The most words that a part of a gradient of so many elements takes. */
  public static int mostWords(int elements) {
    return Math.multiplyExact(MULTIPLES.length, bitmapWords(elements));
  }

  /** The length of a bitmap, as ND4J has it. */
  static int bitmapWords(int elements) {
    return elements / PER_BITMAP_WORD + HEADER + 1;
  }

  /**
   * Whether so many elements take more room as indices than as a bitmap. Unpacked they do from 1/16
   * on; packed (by Huffman's code, at least a bit for each byte) a sparse bitmap takes a quarter of
   * a bit for each element, and an index, which hardly gets shorter, up to 32.
   */
  static boolean isDense(long sent, int elements) {
    return sent > elements / DENSE_FROM;
  }

  /**
   * The share of the elements that was sent, each as often as it was; of a bitmap those with either
   * bit.
   */
  public double share(int elements) {
    long sent = 0;
    for (int at = 0; at < words.length; at = end(words, at)) {
      sent += isBitmap(words, at) ? sentByBitmap(at) : words[at];
    }
    return (double) sent / elements;
  }

  private long sentByBitmap(int at) {
    long sent = 0;
    for (int i = at + HEADER; i < end(words, at); i++) {
      sent += Integer.bitCount((words[i] | words[i] >>> PER_BITMAP_WORD) & ELEMENTS_OF_WORD);
    }
    return sent;
  }

  /** Adds the values that were sent to {@code sum}, float32 {@code [elements]}. */
  public void addTo(INDArray sum) {
    for (int at = 0; at < words.length; at = end(words, at)) {
      try (INDArray encoded = TakenWords.array(words, at, end(words, at))) {
        if (isBitmap(words, at)) {
          Nd4j.getExecutioner().bitmapDecode(encoded, sum);
        } else {
          Nd4j.getExecutioner().thresholdDecode(encoded, sum);
        }
      }
    }
  }

  private static boolean pointIntoOnce(int[] words, int from, int to, int elements) {
    BitSet seen = new BitSet(elements);
    for (int i = from; i < to; i++) {
      int place = Math.abs(words[i]);
      if (place < 1 || place > elements || seen.get(place - 1)) {
        return false;
      }
      seen.set(place - 1);
    }
    return true;
  }
}
