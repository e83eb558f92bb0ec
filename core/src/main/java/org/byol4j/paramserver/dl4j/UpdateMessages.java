package org.byol4j.paramserver.dl4j;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputFilter;
import java.io.ObjectInputFilter.FilterInfo;
import java.io.ObjectInputFilter.Status;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.BaseNDArrayProxy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.parameterserver.distributed.v2.messages.impl.GradientsUpdateMessage;
import org.nd4j.parameterserver.distributed.v2.messages.impl.base.BaseINDArrayMessage;

/**
 * Deeplearning4j's message of a gradient as bytes and back, by Java's serialization as
 * Deeplearning4j does it, but for the array: that goes as a plain {@code int[]}. ND4J would read an
 * array's length from the stream and allocate by it, unseen by any filter.
 *
 * <p>Only the classes of such a message are read: anything else, longer or deeper is refused before
 * an object of it is made.
 */
final class UpdateMessages {
  /** What a message takes at most beside its integers. */
  static final int MOST_OVERHEAD_BYTES = 2048;

  private static final Set<Class<?>> ALLOWED =
      Set.of(GradientsUpdateMessage.class, BaseINDArrayMessage.class, int[].class);

  /** The message, and in it texts and the array. */
  private static final long DEEPEST = 2;

  /** Classes and objects of a message, twice over. */
  private static final long MOST_REFERENCES = 32;

  private UpdateMessages() {}

  /** The most bytes that the message of a part takes. */
  static int mostBytes(int mostWords) {
    return Math.addExact(MOST_OVERHEAD_BYTES, Math.multiplyExact(mostWords, Integer.BYTES));
  }

  /**
   * Writes a message with an array of integers.
   *
   * @param scratch where the integers are put meanwhile
   * @param to memory
   */
  static void write(GradientsUpdateMessage message, Words.Scratch scratch, OutputStream to) {
    try (ObjectOutputStream out = new Writer(to, scratch.of(message.getPayload()))) {
      out.writeObject(message);
    } catch (IOException e) {
      throw new UncheckedIOException("a message cannot be written to memory", e);
    }
  }

  /**
   * Reads a message, whose array is the caller's to close.
   *
   * @param bytes what remains in it is the message; has an array
   * @param mostWords the longest array that is taken
   * @throws RefusedMessageException if it is none
   */
  static GradientsUpdateMessage read(ByteBuffer bytes, int mostWords) {
    if (bytes.remaining() > mostBytes(mostWords)) {
      throw new RefusedMessageException(
          "lengthBytes=%d, expected at most %d".formatted(bytes.remaining(), mostBytes(mostWords)));
    }
    ByteArrayInputStream source =
        new ByteArrayInputStream(
            bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
    String[] refusal = {"it is no serialized object"};
    // by identity: equal ones are not the same memory
    Set<INDArray> unused = Collections.newSetFromMap(new IdentityHashMap<>());
    try (Reader in = new Reader(source, mostWords, refusal, unused)) {
      if (!(in.readObject() instanceof GradientsUpdateMessage update)
          || update.getPayload() == null
          || source.available() > 0) {
        throw new RefusedMessageException("it is no single GradientsUpdateMessage with an array");
      }
      unused.remove(update.getPayload());
      return update;
    } catch (IOException | ClassNotFoundException | RuntimeException e) {
      if (e instanceof RefusedMessageException refused) {
        throw refused;
      }
      // what an exception says may be what was received
      throw new RefusedMessageException(
          "%s: %s %s"
              .formatted(
                  refusal[0],
                  e.getClass().getSimpleName(),
                  RefusedMessageException.shown(String.valueOf(e.getMessage()))),
          e);
    } finally {
      unused.forEach(Words::free);
    }
  }

  /** Writes the array of a message as plain integers. */
  private static final class Writer extends ObjectOutputStream {
    private final int[] words;

    Writer(OutputStream out, int[] words) throws IOException {
      super(out);
      this.words = words;
      enableReplaceObject(true);
    }

    /** ND4J's arrays have put this proxy in their place before anybody else is asked. */
    @Override
    protected Object replaceObject(Object object) {
      return object instanceof BaseNDArrayProxy ? words : object;
    }
  }

  /** Reads plain integers as arrays, and nothing but messages. */
  private static final class Reader extends ObjectInputStream implements ObjectInputFilter {
    private final int mostWords;
    private final String[] refusal;
    private final Set<INDArray> arrays;

    /** What integers were last made into: that its class may pass is our own doing. */
    private Class<?> made = int[].class;

    /** Puts the arrays that it makes into {@code arrays}. */
    Reader(InputStream in, int mostWords, String[] refusal, Set<INDArray> arrays)
        throws IOException {
      super(in);
      this.mostWords = mostWords;
      this.refusal = refusal;
      this.arrays = arrays;
      setObjectInputFilter(this);
      enableResolveObject(true);
    }

    @Override
    protected Object resolveObject(Object object) {
      if (!(object instanceof int[] words)) {
        return object;
      }
      INDArray array = Words.array(words);
      arrays.add(array);
      made = array.getClass();
      return array;
    }

    @Override
    public Status checkInput(FilterInfo info) {
      Class<?> type = info.serialClass();
      if (type == made && type != int[].class) {
        made = int[].class;
        return Status.ALLOWED;
      }
      String fault = fault(info);
      if (!fault.isEmpty()) {
        refusal[0] = fault;
        return Status.REJECTED;
      }
      return type == null ? Status.UNDECIDED : Status.ALLOWED;
    }

    private String fault(FilterInfo info) {
      Class<?> type = info.serialClass();
      if (type != null && !ALLOWED.contains(type)) {
        return "class=%s is not allowed, expected those of a GradientsUpdateMessage"
            .formatted(type.getName());
      }
      if (info.arrayLength() > mostWords) {
        return "array of length=%d, expected at most %d".formatted(info.arrayLength(), mostWords);
      }
      if (info.depth() > DEEPEST || info.references() > MOST_REFERENCES) {
        return "depth=%d references=%d, expected at most %d and %d"
            .formatted(info.depth(), info.references(), DEEPEST, MOST_REFERENCES);
      }
      return "";
    }
  }
}
