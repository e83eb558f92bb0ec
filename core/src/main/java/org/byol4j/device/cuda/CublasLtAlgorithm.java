package org.byol4j.device.cuda;

import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;

/**
 * cuBLASLt's description of an algorithm, which its documentation calls opaque and lets one keep
 * for the same version of the library: eight words of 64 bits, and their text in files.
 */
final class CublasLtAlgorithm {

  private static final int WORDS = 8;
  private static final int RADIX = 16;

  private CublasLtAlgorithm() {}

  /** The words of a description; it stays the caller's. */
  static long[] words(cublasLtMatmulAlgo_t algorithm) {
    long[] words = new long[WORDS];
    for (int i = 0; i < WORDS; i++) {
      words[i] = algorithm.data(i);
    }
    return words;
  }

  /** A description of those words; the caller closes it. */
  static cublasLtMatmulAlgo_t pointer(long[] words) {
    cublasLtMatmulAlgo_t algorithm = new cublasLtMatmulAlgo_t();
    for (int i = 0; i < WORDS; i++) {
      algorithm.data(i, words[i]);
    }
    return algorithm;
  }

  /** The words in hexadecimal digits, with dots between, without those at the end that are 0. */
  static String text(long[] words) {
    int end = WORDS;
    while (end > 1 && words[end - 1] == 0) {
      end--;
    }
    StringBuilder text = new StringBuilder(Long.toHexString(words[0]));
    for (int i = 1; i < end; i++) {
      text.append('.').append(Long.toHexString(words[i]));
    }
    return text.toString();
  }

  /** The words of a text; empty if it is none. */
  static Optional<long[]> of(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length > WORDS) {
      return Optional.empty();
    }
    try {
      long[] words = Arrays.stream(parts).mapToLong(CublasLtAlgorithm::word).toArray();
      return Optional.of(Arrays.copyOf(words, WORDS));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static long word(String digits) {
    return Long.parseUnsignedLong(digits, RADIX);
  }
}
