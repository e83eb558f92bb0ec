package org.byol4j.paramserver.dl4j;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Random;
import org.byol4j.collective.Collective;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.parameterserver.distributed.v2.messages.impl.GradientsUpdateMessage;

/** Drawn parts as messages, and replicas that send others. */
final class PartMessages {
  static final int MOST_WORDS = 5000;
  static final int MOST_BYTES = 2 * (Envelope.LENGTH_BYTES + UpdateMessages.mostBytes(MOST_WORDS));

  private PartMessages() {}

  /** A replica that breaks the rules. */
  @FunctionalInterface
  interface Intruder {
    void send(Collective background) throws IOException;
  }

  /** A part, and now and then none. */
  static int[] words(int rank, long step) {
    Random random = new Random(100 * step + rank);
    int length = random.nextInt(3) == 0 ? 0 : random.nextInt(MOST_WORDS);
    return random.ints(length).toArray();
  }

  /** Goes through a round with an envelope of any content. */
  static void round(Collective background, byte[] envelope) {
    round(new MessageRounds(background, MOST_BYTES), envelope);
  }

  /** Goes through one of several rounds with an envelope of any content. */
  static void round(MessageRounds rounds, byte[] envelope) {
    rounds.exchange(bytes(envelope), (rank, received) -> {});
  }

  static ReusedBytes bytes(byte[] content) {
    ReusedBytes bytes = new ReusedBytes();
    bytes.write(content, 0, content.length);
    return bytes;
  }

  /** What was written, as an array. */
  static byte[] array(ReusedBytes bytes) {
    byte[] array = new byte[bytes.length()];
    bytes.view().get(array);
    return array;
  }

  /** An envelope with messages in it. */
  static byte[] envelope(byte[]... messages) {
    ReusedBytes envelope = new ReusedBytes();
    for (byte[] message : messages) {
      Envelope.add(
          envelope,
          to -> {
            try {
              to.write(message);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
    return array(envelope);
  }

  static byte[] written(GradientsUpdateMessage message) {
    ReusedBytes bytes = new ReusedBytes();
    UpdateMessages.write(message, new Words.Scratch(), bytes);
    return array(bytes);
  }

  /** The message of a drawn part. */
  static byte[] message(int rank, int step) {
    return written(update(rank, step, words(rank, step)));
  }

  static GradientsUpdateMessage update(int rank, int step, int[] words) {
    GradientsUpdateMessage message =
        new GradientsUpdateMessage("some id", Nd4j.createFromArray(words));
    message.setOriginatorId(CollectiveTransport.idOf(rank));
    message.setIteration(step);
    return message;
  }
}
