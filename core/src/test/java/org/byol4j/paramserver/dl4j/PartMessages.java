package org.byol4j.paramserver.dl4j;

import java.io.IOException;
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
    new MessageRounds(background, MOST_BYTES).exchange(envelope);
  }

  /** The message of a drawn part. */
  static byte[] message(int rank, int step) {
    return UpdateMessages.write(update(rank, step, words(rank, step)));
  }

  static GradientsUpdateMessage update(int rank, int step, int[] words) {
    GradientsUpdateMessage message =
        new GradientsUpdateMessage("some id", Nd4j.createFromArray(words));
    message.setOriginatorId(CollectiveTransport.idOf(rank));
    message.setIteration(step);
    return message;
  }
}
