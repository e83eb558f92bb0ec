package org.byol4j.paramserver.dl4j;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import org.byol4j.collective.BackgroundThread;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.paramserver.sharing.FaultyReplicaException;
import org.byol4j.paramserver.sharing.PartExchange;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.parameterserver.distributed.conf.VoidConfiguration;
import org.nd4j.parameterserver.distributed.v2.ModelParameterServer;
import org.nd4j.parameterserver.distributed.v2.messages.impl.GradientsUpdateMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Parts that travel as updates of Deeplearning4j's parameter server. A step's part is sent in a
 * round of its own, on a thread and a way of its own, so that it travels while the next steps
 * compute; it counts for the step that it names, whenever it comes.
 *
 * <p>What another replica sends is read only after it has proved who it is, and only if it is an
 * update of its own. Anything else is refused and logged, and the group fails with the reason.
 */
public final class MessagedParts implements PartExchange {
  private static final Logger LOG = LoggerFactory.getLogger(MessagedParts.class);

  /** Epochs mean nothing to what is sent here. */
  private static final int NO_EPOCH = 0;

  /** A part, and one that was sent twice. */
  private static final int MESSAGES_IN_ENVELOPE = 2;

  private final Collective collective;
  private final int mostWords;
  private final CollectiveTransport transport;
  private final ModelParameterServer server;
  private final MessageRounds rounds;
  private final PartInbox inbox;
  private final BackgroundThread thread;

  private volatile Optional<FaultyReplicaException> refusal = Optional.empty();

  /** The rounds that may not be over, in the order of their steps. */
  private final Deque<Future<?>> underway = new ArrayDeque<>();

  /**
   * Joins the exchange; all replicas do.
   *
   * @param group whose {@linkplain Collective#background background handle} is used from now on by
   *     nobody else; it stays the caller's
   * @param mostWords the most words that a part may have, the same on all replicas
   */
  public MessagedParts(Collective group, int mostWords) {
    this.collective = group.background();
    this.mostWords = mostWords;
    this.transport = new CollectiveTransport(collective.rank(), collective.size());
    this.server =
        new ModelParameterServer(
            VoidConfiguration.builder().build(), transport, collective.rank() == 0);
    int messageBytes = Math.addExact(Envelope.LENGTH_BYTES, UpdateMessages.mostBytes(mostWords));
    this.rounds =
        new MessageRounds(collective, Math.multiplyExact(MESSAGES_IN_ENVELOPE, messageBytes));
    this.inbox = new PartInbox(collective.size());
    this.thread = new BackgroundThread(collective, "encoded gradients");
    server.launch();
  }

  @Override
  public void send(long step, int[] words) {
    if (words.length > mostWords) {
      throw new IllegalArgumentException(
          "words=%d, expected at most %d".formatted(words.length, mostWords));
    }
    inbox.open(step);
    inbox.put(collective.rank(), step, words);
    INDArray update = Words.array(words);
    try {
      server.sendUpdate(update, Math.toIntExact(step), NO_EPOCH);
    } finally {
      Words.free(update);
    }
    ReusedBytes envelope = transport.takeOutgoing();
    underway.addLast(thread.begin(() -> round(step, envelope)));
  }

  @Override
  public List<int[]> take(long step) {
    await(underway.removeFirst(), step);
    // a part that was not in its own step's round may be in one of those behind
    for (Iterator<Future<?>> later = underway.iterator();
        !inbox.isComplete(step) && later.hasNext(); ) {
      await(later.next(), step);
    }
    if (!inbox.isComplete(step)) {
      String reason =
          "encoded gradients of step=%d: of size=%d replicas only ranks=%s have sent theirs"
              .formatted(step, collective.size(), inbox.present(step));
      throw refused(new FaultyReplicaException(reason));
    }
    return inbox.take(step);
  }

  @Override
  public Optional<FaultyReplicaException> refusal() {
    return refusal;
  }

  /** Fails the group, and keeps why for those who hear of that first. */
  private FaultyReplicaException refused(FaultyReplicaException why) {
    refusal = Optional.of(why);
    LOG.error(why.getMessage());
    collective.abort(why.getMessage());
    return why;
  }

  private void await(Future<?> round, long step) {
    try {
      thread.await(round);
    } catch (CollectiveException e) {
      throw new CollectiveException(
          "encoded gradients of step=%d: %s".formatted(step, e.getMessage()), e);
    }
  }

  /** Sends and receives; whatever ends it early fails the group, which would wait otherwise. */
  private void round(long step, ReusedBytes envelope) {
    try {
      rounds.exchange(envelope, this::receive);
      transport.giveBack(envelope);
    } catch (RefusedMessageException e) {
      String reason =
          "rank=%d step=%d refused what came: %s"
              .formatted(collective.rank(), step, e.getMessage());
      throw refused(new FaultyReplicaException(reason, e));
    } catch (CollectiveException e) {
      throw e;
    } catch (RuntimeException | Error e) {
      // memory may be what is missing
      collective.abort("encoded gradients of step=%d: %s".formatted(step, e));
      throw e;
    }
  }

  private void receive(int rank, ByteBuffer envelope) {
    try {
      for (ByteBuffer message : Envelope.open(envelope)) {
        receive(rank, UpdateMessages.read(message, mostWords));
      }
    } catch (RefusedMessageException e) {
      throw new RefusedMessageException(
          "message of rank=%d: %s".formatted(rank, e.getMessage()), e);
    }
  }

  private void receive(int rank, GradientsUpdateMessage message) {
    String sender = CollectiveTransport.idOf(rank);
    if (!sender.equals(message.getOriginatorId())) {
      Words.free(message.getPayload());
      throw new RefusedMessageException(
          "originator=%s, expected %s"
              .formatted(
                  RefusedMessageException.shown(String.valueOf(message.getOriginatorId())),
                  sender));
    }
    switch (inbox.put(rank, message.getIteration(), throughServer(message))) {
      case KEPT -> {}
      case DUPLICATE ->
          LOG.warn(
              "dropped a part that is here already: {} step={}", sender, message.getIteration());
      case TOO_EARLY ->
          throw new RefusedMessageException(
              "step=%d has not begun".formatted(message.getIteration()));
    }
  }

  /** Hands an update to the parameter server, and takes from it what it has received. */
  private int[] throughServer(GradientsUpdateMessage message) {
    transport.processMessage(message);
    Collection<INDArray> updates = server.getUpdates();
    if (updates.size() != 1) {
      throw new IllegalStateException(
          "the parameter server has updates=%d of one message".formatted(updates.size()));
    }
    INDArray update = updates.iterator().next();
    int[] words = Words.of(update);
    Words.free(update);
    return words;
  }

  @Override
  public void close() {
    thread.close();
    server.shutdown();
  }
}
