package org.byol4j.device.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.BytePointer;

/**
 * Tensors of a masked gradient with values to try plans on: random ones of both signs, of which one
 * in four is 0, the same for the same problem. They lie in memory that is lent, since what an
 * operation reads must stay as it is; results go to where those of the operation go. Of a result it
 * shows pieces all over the images.
 */
final class MaskedSample implements AutoCloseable {

  /** How many values there are before they come again; a prime, so that no extent divides it. */
  private static final int PERIOD = 65_521;

  private static final int ALIGNMENT = 256;

  /** From where in the addend the mask begins, in bytes: they share memory and are not alike. */
  private static final int MASK_OFFSET = 16 * ALIGNMENT;

  private static final int MOST_PIECES = 64;
  private static final int PIECE_BYTES = 1 << 16;
  private static final long SEED = 18;

  private final Gpu gpu;
  private final Element element;
  private final long bytes;
  private final BytePointer pinned;
  private final long x;
  private final long w;
  private final long y;
  private final long addend;

  /** How much memory the tensors take, besides where results go. */
  static long lentBytes(ConvolutionProblem problem) {
    int element = problem.arithmetic().element().bytes();
    return aligned(problem.filters() * element)
        + aligned(problem.results() * element)
        + problem.images() * element
        + MASK_OFFSET;
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /**
   * @param x where results go
   * @param lent {@link #lentBytes} of memory, the caller's
   * @throws OutOfMemoryError if the host has no memory that the GPU reads
   */
  MaskedSample(Gpu gpu, ConvolutionProblem problem, long x, long lent) {
    this.gpu = gpu;
    this.x = x;
    element = problem.arithmetic().element();
    bytes = problem.images() * element.bytes();
    w = lent;
    y = w + aligned(problem.filters() * element.bytes());
    addend = y + aligned(problem.results() * element.bytes());
    pinned = gpu.pinned((long) PERIOD * Float.BYTES);
    boolean isMade = false;
    try {
      SplittableRandom random = new SplittableRandom(SEED);
      // so that a gradient and the addend have values of about one size
      double terms = (double) problem.filters() / problem.inputs();
      fill(w, problem.filters() * element.bytes(), 2 / Math.sqrt(terms), random);
      fill(y, problem.results() * element.bytes(), 1, random);
      fill(addend, bytes + MASK_OFFSET, 1, random);
      isMade = true;
    } finally {
      if (!isMade) {
        close();
      }
    }
  }

  /** Fills memory with random values times {@code factor}, again and again. */
  private void fill(long address, long size, double factor, SplittableRandom random) {
    ByteBuffer values = pinned.position(0).asByteBuffer().order(ByteOrder.nativeOrder());
    for (int i = 0; i < PERIOD; i++) {
      float value = (float) (random.nextInt(4) == 0 ? 0 : factor * (2 * random.nextDouble() - 1));
      if (element == Element.BF16) {
        values.putShort((short) (Float.floatToRawIntBits(value) >>> Short.SIZE));
      } else {
        values.putFloat(value);
      }
    }
    long done = Math.min(size, (long) PERIOD * element.bytes());
    gpu.copy(pinned.address(), address, done);
    while (done < size) {
      long more = Math.min(done, size - done);
      gpu.copy(address, address + done, more);
      done += more;
    }
    gpu.await();
  }

  /** Starts a plan on the tensors. */
  void start(Gpu.MaskedPlan plan, long workspace) {
    plan.run(x, w, y, addend, addend + MASK_OFFSET, workspace);
  }

  /** Forgets the last result, and leaves there what is one nowhere. */
  void clear() {
    gpu.copy(addend, x, bytes);
  }

  /** The pieces of the last result, when what was started is done. */
  float[] result() {
    long piece = Math.min(bytes, PIECE_BYTES);
    int pieces = (int) Math.min(MOST_PIECES, (bytes + piece - 1) / piece);
    int length = (int) (piece / element.bytes());
    float[] values = new float[pieces * length];
    for (int i = 0; i < pieces; i++) {
      // the last piece ends where the images do
      long from =
          pieces == 1 ? 0 : (bytes - piece) * i / (pieces - 1) / element.bytes() * element.bytes();
      gpu.copy(x + from, pinned.address(), piece);
      gpu.await();
      ByteBuffer read = pinned.position(0).asByteBuffer().order(ByteOrder.nativeOrder());
      for (int j = 0; j < length; j++) {
        values[i * length + j] =
            element == Element.BF16
                ? Float.intBitsToFloat(read.getShort() << Short.SIZE)
                : read.getFloat();
      }
    }
    return values;
  }

  @Override
  public void close() {
    gpu.unpin(pinned);
  }
}
