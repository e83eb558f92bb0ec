package org.byol4j.paramserver;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class RangesTest {

  @Test
  void ownersHaveEqualRangesButTheLast() {
    assertThat(Ranges.bounds(10, 3)).containsExactly(0, 4, 8, 10);
    assertThat(Ranges.bounds(10, 1)).containsExactly(0, 10);
  }

  @Test
  void moreOwnersThanElementsLeaveSomeWithNothing() {
    assertThat(Ranges.bounds(3, 5)).containsExactly(0, 1, 2, 3, 3, 3);
    assertThat(Ranges.bounds(5, 4)).containsExactly(0, 2, 4, 5, 5);
  }

  @Test
  void prefixCutsTheSameRanges() {
    assertThat(Ranges.cut(Ranges.bounds(10, 3), 6)).containsExactly(0, 4, 6, 6);
  }
}
