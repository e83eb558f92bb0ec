package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our kernels compiled for GPUs; those tests need NVRTC, but no GPU. */
class NvrtcTest {
  private static final int[] SUPPORTED = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121};
  private static final byte[] ELF = {0x7f, 'E', 'L', 'F'};

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "75, sm_75",
    "80, sm_80",
    "89, sm_89",
    "90, sm_90",
    "101, sm_100",
    "121, sm_121",
    "130, compute_121"
  })
  void newestArchitectureUpToTheGpusIsCompiledFor(int capability, String architecture) {
    assertThat(Nvrtc.architecture(capability, SUPPORTED)).isEqualTo(architecture);
  }

  @Test
  void gpuThatIsOlderThanEveryArchitectureIsRefused() {
    assertThatThrownBy(() -> Nvrtc.architecture(61, SUPPORTED))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("computeCapability=6.1");
  }

  @Tag("cuda")
  @ParameterizedTest
  @ValueSource(ints = {75, 80, 90})
  void allKernelsCompileToMachineCode(int capability) {
    Nvrtc nvrtc = new Nvrtc(new CacheFolder(folder), capability);
    for (Element element : Element.values()) {
      for (String file : KernelSource.FILES) {
        assertThat(nvrtc.compiled(file, element))
            .as("%s of %s for %d", file, element, capability)
            .startsWith(ELF);
      }
    }
  }

  @Tag("cuda")
  @Test
  void machineCodeHoldsTheKernelsByTheirNames() {
    byte[] code = new Nvrtc(new CacheFolder(folder), 90).compiled("loss", Element.FP32);

    assertThat(new String(code, StandardCharsets.ISO_8859_1)).contains("regression_loss");
  }

  @Tag("cuda")
  @Test
  void whatWasCompiledIsKept() throws IOException {
    Nvrtc nvrtc = new Nvrtc(new CacheFolder(folder), 75);
    byte[] made = nvrtc.compiled("flat", Element.FP32);
    Path file = onlyFile();
    FileTime then = FileTime.fromMillis(1_000_000);
    Files.setLastModifiedTime(file, then);

    assertThat(nvrtc.compiled("flat", Element.FP32)).isEqualTo(made);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(then);
    assertThat(nvrtc.compiled("flat", Element.BF16)).isNotEqualTo(made);
  }

  private Path onlyFile() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.reduce((a, b) -> Path.of("two files")).orElseThrow();
    }
  }
}
