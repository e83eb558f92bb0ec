package org.byol4j.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever happens to a file: it is read, or refused with the one exception that says why. */
class SafetensorsFuzzTest {
  private static final int ROUNDS = 1500;

  /** What random bytes rarely hit upon. */
  private static final List<String> TOKENS =
      List.of(
          "{", "}", "[", "]", ",", "\"", "-", "9223372036854775807", "1e9", "null", "F16", "\\u");

  @TempDir Path folder;

  @Test
  void damagedFileIsReadOrRefused() throws IOException {
    long seed = new SplittableRandom().nextLong();
    System.out.println("SafetensorsFuzzTest seed=" + seed);
    SplittableRandom random = new SplittableRandom(seed);
    Path file = folder.resolve("model.safetensors");
    SafetensorsBytes.write(
        file,
        List.of(
            new NamedTensor("conv1.weight", List.of(2, 3), FloatBuffer.allocate(6)),
            new NamedTensor("bn1.running_var", List.of(3), FloatBuffer.allocate(3))),
        Map.of("format", "pt"));
    byte[] whole = Files.readAllBytes(file);
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] damaged = damaged(whole, random);
      Files.write(file, damaged);
      String again = "seed=%d round=%d file=%s".formatted(seed, round, Arrays.toString(damaged));
      refused += DamagedFile.isRefused(file, again, () -> read(file)) ? 1 : 0;
    }
    // damage to values and spaces does no harm, damage to the header mostly does
    assertThat(refused).as("seed=%d", seed).isBetween(ROUNDS / 4, ROUNDS - 1);
  }

  private static void read(Path file) {
    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      opened.read("conv1.weight", List.of(2, 3), FloatBuffer.allocate(6));
    }
  }

  private static byte[] damaged(byte[] whole, SplittableRandom random) {
    byte[] bytes = whole.clone();
    for (int times = random.nextInt(1, 4); times > 0; times--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> {
          byte[] token = TOKENS.get(random.nextInt(TOKENS.size())).getBytes(StandardCharsets.UTF_8);
          System.arraycopy(token, 0, bytes, at, Math.min(token.length, bytes.length - at));
        }
        default -> bytes = Arrays.copyOf(bytes, random.nextInt(1, 2 * bytes.length));
      }
    }
    return bytes;
  }
}
