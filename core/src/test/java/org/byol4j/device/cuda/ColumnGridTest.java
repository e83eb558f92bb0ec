package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Grids over columns, for layers of ResNets. */
class ColumnGridTest {

  @ParameterizedTest
  @CsvSource({
    // element, rows, channels, aligned, wide, lanes, gridX, groups
    "BF16, 802816, 64, true, true, 8, 1, 1024",
    "BF16, 3136, 2048, true, true, 32, 8, 25",
    "FP32, 802816, 64, true, true, 16, 1, 1024",
    "FP32, 64, 4096, true, true, 32, 32, 1",
    "FP32, 64, 4096, false, false, 32, 128, 1",
    "FP32, 100000, 17, true, false, 32, 1, 782",
    "BF16, 5, 3, true, false, 4, 1, 1",
    "FP32, 1, 1, true, false, 1, 1, 1"
  })
  void threadsGoAlongChannelsAndThenRows(
      Element element,
      long rows,
      int channels,
      boolean aligned,
      boolean wide,
      int lanes,
      int gridX,
      int groups) {
    assertThat(ColumnGrid.of(element, rows, channels, aligned))
        .isEqualTo(new ColumnGrid(wide, lanes, gridX, groups));
  }
}
