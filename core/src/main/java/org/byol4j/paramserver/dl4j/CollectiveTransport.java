package org.byol4j.paramserver.dl4j;

import io.reactivex.functions.Consumer;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.nd4j.parameterserver.distributed.v2.enums.PropagationMode;
import org.nd4j.parameterserver.distributed.v2.messages.INDArrayMessage;
import org.nd4j.parameterserver.distributed.v2.messages.RequestMessage;
import org.nd4j.parameterserver.distributed.v2.messages.ResponseMessage;
import org.nd4j.parameterserver.distributed.v2.messages.VoidMessage;
import org.nd4j.parameterserver.distributed.v2.messages.impl.GradientsUpdateMessage;
import org.nd4j.parameterserver.distributed.v2.transport.RestartCallback;
import org.nd4j.parameterserver.distributed.v2.transport.Transport;
import org.nd4j.parameterserver.distributed.v2.util.MeshOrganizer;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * What Deeplearning4j's parameter server sees of a group of replicas: a way for updates out, and
 * one in. Updates that it sends wait here until the next round takes them to all other replicas;
 * nobody passes anything on. The group is fixed and its connections are the collective's, so there
 * is no mesh to build, nobody to introduce, and nothing to start or stop.
 *
 * <p>One thread sends; another may deliver what comes.
 */
final class CollectiveTransport implements Transport {
  private static final String FIXED_GROUP =
      "replicas do not ask each other for anything: their group is fixed and they hold the same state";

  private final int rank;
  private final int size;
  private final Words.Scratch scratch = new Words.Scratch();

  /** Envelopes whose messages have been sent; rounds give them back. */
  private final Queue<ReusedBytes> free = new ConcurrentLinkedQueue<>();

  private ReusedBytes outgoing = new ReusedBytes();
  private Optional<Subscriber<? super INDArrayMessage>> receiver = Optional.empty();

  CollectiveTransport(int rank, int size) {
    this.rank = rank;
    this.size = size;
  }

  /** What a replica is called in its messages. */
  static String idOf(int rank) {
    return "rank=" + rank;
  }

  /**
   * Takes the envelope with the messages that were sent since the last call, the caller's until it
   * {@linkplain #giveBack gives it back}.
   */
  ReusedBytes takeOutgoing() {
    ReusedBytes taken = outgoing;
    ReusedBytes next = free.poll();
    outgoing = next == null ? new ReusedBytes() : next;
    outgoing.clear();
    return taken;
  }

  /** Takes an envelope back, to be used again; any thread may bring it. */
  void giveBack(ReusedBytes envelope) {
    free.add(envelope);
  }

  @Override
  public String id() {
    return idOf(rank);
  }

  @Override
  public String getRootId() {
    return idOf(0);
  }

  @Override
  public String getUpstreamId() {
    return getRootId();
  }

  @Override
  public int totalNumberOfNodes() {
    return size;
  }

  /** Sends an update to all other replicas with the next round, whatever the mode. */
  @Override
  public void propagateMessage(VoidMessage message, PropagationMode mode) {
    if (!(message instanceof GradientsUpdateMessage update)) {
      throw new UnsupportedOperationException(
          "message=%s, expected an update of gradients".formatted(message.getClass().getName()));
    }
    Envelope.add(outgoing, to -> UpdateMessages.write(update, scratch, to));
  }

  @Override
  public Consumer<VoidMessage> outgoingConsumer() {
    return message -> propagateMessage(message, PropagationMode.BOTH_WAYS);
  }

  @Override
  public Publisher<INDArrayMessage> incomingPublisher() {
    return subscriber -> {
      receiver = Optional.of(subscriber);
      subscriber.onSubscribe(new Unthrottled());
    };
  }

  /** Hands a message to the parameter server, which has handed it on when this returns. */
  @Override
  public void processMessage(VoidMessage message) {
    receiver.orElseThrow().onNext((INDArrayMessage) message);
  }

  @Override
  public void launch() {}

  @Override
  public void launchAsMaster() {}

  @Override
  public void shutdown() {}

  @Override
  public boolean isConnected() {
    return true;
  }

  @Override
  public boolean isIntroduced() {
    return true;
  }

  /** Does nothing: replicas that were lost are started again, all of them, from a checkpoint. */
  @Override
  public void setRestartCallback(RestartCallback callback) {}

  /** Does nothing, as no requests come. */
  @Override
  public <T extends RequestMessage> void addRequestConsumer(Class<T> type, Consumer<T> consumer) {}

  @Override
  public void sendMessage(VoidMessage message, String id) {
    throw new UnsupportedOperationException(FIXED_GROUP);
  }

  @Override
  @SuppressWarnings("TypeParameterUnusedInFormals") // Deeplearning4j's signature
  public <T extends ResponseMessage> T sendMessageBlocking(RequestMessage message, String id) {
    throw new UnsupportedOperationException(FIXED_GROUP);
  }

  @Override
  @SuppressWarnings("TypeParameterUnusedInFormals") // Deeplearning4j's signature
  public <T extends ResponseMessage> T sendMessageBlocking(
      RequestMessage message, String id, long waitTime, TimeUnit unit) {
    throw new UnsupportedOperationException(FIXED_GROUP);
  }

  @Override
  public String getRandomDownstreamFrom(String id, String exclude) {
    throw new UnsupportedOperationException(FIXED_GROUP);
  }

  @Override
  public void onMeshUpdate(MeshOrganizer mesh) {
    throw new UnsupportedOperationException(FIXED_GROUP);
  }

  @Override
  public void onRemap(String id) {
    throw new UnsupportedOperationException(FIXED_GROUP);
  }

  /** Does nothing: all replicas are connected, or the group has failed. */
  @Override
  public void ensureConnection(String id) {}

  /** Messages come one by one as rounds bring them, so nobody needs to ask for more. */
  private static final class Unthrottled implements Subscription {
    @Override
    public void request(long count) {}

    @Override
    public void cancel() {}
  }
}
