package org.byol4j.paramserver.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PackedBytesTest {

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, 65, 1000, 16_383, 16_384, 70_000, 1 << 20})
  void anyBytesComeBackAndTakeNoMoreThanTheBound(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    byte[] packed = packed(bytes);
    assertThat(packed).hasSizeLessThanOrEqualTo(PackedBytes.mostBytes(length));
    assertThat(unpacked(packed, length)).isEqualTo(bytes);
  }

  @Test
  void bitmapOfWhichATenthIsSentTakesHalfOfItsRoom() {
    Random random = new Random(7);
    byte[] bitmap = new byte[1 << 16];
    for (int i = 0; i < bitmap.length; i++) {
      for (int bit = 0; bit < Byte.SIZE; bit++) {
        bitmap[i] |= (byte) ((random.nextInt(10) == 0 ? 1 : 0) << bit);
      }
    }
    assertThat(packed(bitmap)).hasSizeLessThan(bitmap.length * 52 / 100);
  }

  @Test
  void damagedBytesAreRefusedOrOthers() {
    byte[] bytes = new byte[500];
    new Random(1).nextBytes(bytes);
    byte[] packed = packed(bytes);
    long seed = System.nanoTime();
    System.out.println("damagedBytesAreRefusedOrOthers seed=" + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 2000; round++) {
      byte[] damaged = packed.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
      try {
        assertThat(unpacked(damaged, 1000)).hasSizeLessThan(1001);
      } catch (RefusedMessageException e) {
        assertThat(e).hasMessageContaining("packed bytes");
      }
    }
  }

  @Test
  void lengthsThatAreWrongAreRefused() {
    byte[] packed = packed(new byte[100]);
    expectRefused(packed, 99, "lengthBytes=100, expected 0 to 99");
    expectRefused(changed(packed, 101), 1000, "do not end at lengthBytes=101");
    expectRefused(changed(packed, 99), 1000, "do not end at lengthBytes=99");
    expectRefused(changed(packed, -5), 1000, "lengthBytes=-5");
    expectRefused(new byte[3], 1000, "lengthBytes=-1");
    byte[] longer = Arrays.copyOf(packed, packed.length + 1);
    expectRefused(longer, 1000, "do not end at lengthBytes=100");
    byte[] shorter = Arrays.copyOf(packed, packed.length - 1);
    expectRefused(shorter, 1000, "do not end at lengthBytes=100");
  }

  /** Packed where other bytes were before. */
  private static byte[] packed(byte[] bytes) {
    ReusedBytes packed = PartMessages.bytes(new byte[] {1, 2, 3});
    PackedBytes.pack(PartMessages.bytes(bytes), packed);
    return PartMessages.array(packed);
  }

  private static byte[] unpacked(byte[] packed, int mostBytes) {
    ReusedBytes bytes = PartMessages.bytes(new byte[] {1, 2, 3});
    PackedBytes.unpack(ByteBuffer.wrap(packed), mostBytes, bytes);
    return PartMessages.array(bytes);
  }

  private static byte[] changed(byte[] packed, int length) {
    byte[] changed = packed.clone();
    ByteBuffer.wrap(changed).putInt(length);
    return changed;
  }

  private static void expectRefused(byte[] packed, int mostBytes, String message) {
    assertThatThrownBy(() -> unpacked(packed, mostBytes))
        .isInstanceOf(RefusedMessageException.class)
        .hasMessageContaining(message);
  }
}
