package org.byol4j.paramserver.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.BaseNDArrayProxy;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.parameterserver.distributed.v2.messages.impl.GradientsUpdateMessage;

final class UpdateMessagesTest {
  private static final int MOST_WORDS = 1000;
  private static final int[] WORDS = {0x11223344, 7, -9, 0x55667788};

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, MOST_WORDS})
  void messageComesBackAsItWas(int length) {
    int[] words = new Random(length).ints(length).toArray();
    GradientsUpdateMessage read = read(PartMessages.written(message(words)));

    assertThat(Words.of(read.getPayload())).containsExactly(words);
    assertThat(read.getOriginatorId()).isEqualTo("rank=3");
    assertThat(read.getIteration()).isEqualTo(8120);
    assertThat(read.getMessageId()).isEqualTo("some id");
  }

  @Test
  void messageTakesLittleMoreThanItsIntegers() {
    int[] words = new int[MOST_WORDS];
    Arrays.fill(words, -1);
    byte[] bytes = PartMessages.written(message(words));

    assertThat(bytes.length - words.length * Integer.BYTES)
        .isLessThan(UpdateMessages.MOST_OVERHEAD_BYTES / 2);
  }

  @Test
  void gadgetRunsWhereNobodyLooks() throws Exception {
    int before = Gadget.runs();
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(serialized(new Gadget())))) {
      in.readObject();
    }

    assertThat(Gadget.runs()).isEqualTo(before + 1);
  }

  static Stream<Serializable> foreign() {
    HashMap<String, Gadget> map = new HashMap<>(Map.of("key", new Gadget()));
    Object proxy =
        Proxy.newProxyInstance(
            Gadget.class.getClassLoader(), new Class<?>[] {Runnable.class}, new Handler());
    return Stream.of(
        new Gadget(),
        new Gadget[] {new Gadget()},
        map,
        new ArrayList<>(List.of(new Gadget())),
        (Serializable) proxy,
        // as Deeplearning4j itself writes it: what ND4J reads of an array no filter sees
        message(WORDS));
  }

  @ParameterizedTest
  @MethodSource("foreign")
  void otherClassesAreRefusedBeforeAnyObjectIsMade(Serializable object) throws IOException {
    byte[] bytes = serialized(object);
    int before = Gadget.runs();

    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(RefusedMessageException.class)
        .hasMessageContaining("class=")
        .hasMessageContaining("is not allowed");
    assertThat(Gadget.runs()).isEqualTo(before);
  }

  @Test
  void refusalNamesTheClass() throws IOException {
    byte[] bytes = serialized(new Gadget());

    assertThatThrownBy(() -> read(bytes)).hasMessageContaining("class=" + Gadget.class.getName());
  }

  @Test
  void arrayOfHugeLengthIsRefusedByItsLength() {
    byte[] bytes = PartMessages.written(message(WORDS));
    ByteBuffer.wrap(bytes).putInt(lengthBefore(bytes), Integer.MAX_VALUE);

    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(RefusedMessageException.class)
        .hasMessageContaining("array of length=2147483647, expected at most 1000");
  }

  /** Where the length of {@link #WORDS} stands in a message. */
  private static int lengthBefore(byte[] bytes) {
    for (int at = 0; at + 8 <= bytes.length; at++) {
      if (ByteBuffer.wrap(bytes).getLong(at) == ((long) WORDS.length << 32 | WORDS[0])) {
        return at;
      }
    }
    throw new AssertionError("no array in the message");
  }

  @Test
  void messagesWithinMessagesAreRefusedByTheirDepth() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new Nesting(bytes, 3)) {
      out.writeObject(message(WORDS));
    }

    assertThatThrownBy(() -> read(bytes.toByteArray()))
        .isInstanceOf(RefusedMessageException.class)
        .hasMessageContaining("depth=3");
  }

  /** Writes a further message where a message has an array, as often as it is told to. */
  private static final class Nesting extends ObjectOutputStream {
    private int times;

    Nesting(OutputStream out, int times) throws IOException {
      super(out);
      this.times = times;
      enableReplaceObject(true);
    }

    @Override
    protected Object replaceObject(Object object) {
      if (!(object instanceof BaseNDArrayProxy)) {
        return object;
      }
      times--;
      return times < 0 ? WORDS : message(WORDS);
    }
  }

  @Test
  void integersAloneAreNoMessage() throws IOException {
    byte[] bytes = serialized(WORDS);

    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(RefusedMessageException.class)
        .hasMessageContaining("no single GradientsUpdateMessage");
  }

  @Test
  void moreBytesThanAMessageAreRefused() {
    byte[] one = PartMessages.written(message(WORDS));
    byte[] longer = Arrays.copyOf(one, one.length + 1);

    assertThatThrownBy(() -> read(longer)).isInstanceOf(RefusedMessageException.class);
    assertThatThrownBy(() -> read(new byte[UpdateMessages.mostBytes(MOST_WORDS) + 1]))
        .isInstanceOf(RefusedMessageException.class)
        .hasMessageContaining("lengthBytes=6049, expected at most 6048");
  }

  @Test
  void damagedMessagesAreRefusedOrReadButNothingElse() {
    long seed = System.nanoTime();
    System.out.println("damagedMessagesAreRefusedOrReadButNothingElse seed=" + seed);
    Random random = new Random(seed);
    byte[] whole = PartMessages.written(message(WORDS));
    int refused = 0;
    for (int i = 0; i < 3000; i++) {
      byte[] damaged =
          Arrays.copyOf(
              whole, random.nextInt(8) == 0 ? random.nextInt(whole.length) : whole.length);
      for (int flips = 1 + random.nextInt(3); flips > 0 && damaged.length > 0; flips--) {
        damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      }
      try {
        assertThat(Words.of(read(damaged).getPayload()).length).isLessThanOrEqualTo(MOST_WORDS);
      } catch (RefusedMessageException e) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(1000);
  }

  private static GradientsUpdateMessage message(int[] words) {
    GradientsUpdateMessage message =
        new GradientsUpdateMessage("some id", Nd4j.createFromArray(words));
    message.setOriginatorId("rank=3");
    message.setIteration(8120);
    return message;
  }

  private static GradientsUpdateMessage read(byte[] bytes) {
    return UpdateMessages.read(ByteBuffer.wrap(bytes), MOST_WORDS);
  }

  static byte[] serialized(Serializable object) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    return bytes.toByteArray();
  }

  private static final class Handler implements InvocationHandler, Serializable {
    private static final long serialVersionUID = 1L;

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) {
      return proxy;
    }
  }
}
