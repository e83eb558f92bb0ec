package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RunIdentityTest {
  private static final RunIdentity SAVED =
      new RunIdentity(17, "a = 1\n", "d0", Map.of("device", "onednn", "threads", "2"));

  @Test
  void sameRunDiffersInNothing() {
    RunIdentity same =
        new RunIdentity(17, "a = 1\n", "d0", Map.of("threads", "2", "device", "onednn"));

    assertThat(same).isEqualTo(SAVED);
    assertThat(same.fingerprintDifferencesFrom(SAVED)).isEmpty();
  }

  @Test
  void whatBitsDependOnIsNamedWhereItDiffers() {
    RunIdentity other = new RunIdentity(17, "a = 1\n", "d0", Map.of("isa", "avx2", "threads", "4"));

    assertThat(other.fingerprintDifferencesFrom(SAVED))
        .containsExactly(
            "device=nothing, checkpoint has onednn",
            "isa=avx2, checkpoint has nothing",
            "threads=4, checkpoint has 2");
  }

  @Test
  void hashIsThatOfTheTextInUtf8() {
    // printf 'a = 1\n' | sha256sum
    assertThat(SAVED.configurationSha256())
        .isEqualTo("cb78bd8a17f7b751fe0d4663366dcbc257204033ef7ddd64b1f2969573b5b2e2");
  }
}
