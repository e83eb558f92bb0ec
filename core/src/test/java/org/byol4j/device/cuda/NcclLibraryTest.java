package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** NCCL where there is no GPU. */
class NcclLibraryTest {

  @ParameterizedTest
  @ValueSource(longs = {21901, 22809, 23007})
  void versionsFrom219OnAreTaken(long version) {
    assertThatCode(() -> CudaLibrary.requireNccl(version)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(longs = {2708, 21800, 21805, 30000})
  void otherVersionsAreRefused(long version) {
    assertThatThrownBy(() -> CudaLibrary.requireNccl(version))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("expected 2.19.1 or a later 2.x");
  }

  @Tag("cuda")
  @Test
  void loadedLibraryTellsItsVersion() {
    assertThat(CudaRuntime.requireNccl()).matches("2\\.\\d+\\.\\d+");
  }

  @Tag("cuda")
  @Test
  void whatReplicasKnowEachOtherByIsDrawnAnew() {
    CudaRuntime.requireNccl();

    List<byte[]> ids = List.of(NcclLink.newId(), NcclLink.newId());

    assertThat(ids.get(0)).hasSize(128).isNotEqualTo(ids.get(1));
  }

  @Tag("cuda")
  @Test
  void connectingWithoutAGpuEndsWithAMessage() {
    assumeTrue(!Files.exists(Path.of("/proc/driver/nvidia/version")), "no NVIDIA driver here");
    CudaRuntime.requireNccl();
    byte[] id = NcclLink.newId();

    assertThatThrownBy(() -> new NcclLink(() -> {}, new CUstream_st(), id, 0, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageMatching("ncclCommInitRank: NCCL status=\\d+ .*");
  }
}
