package org.byol4j.device.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.byol4j.device.ComputeSettings;
import org.junit.jupiter.api.Test;

class OpenMpTest {

  @Test
  void runtimeWhoseFileWasReplacedIsFoundInThisProcess() throws IOException {
    try (OnednnDevice device =
        new OnednnDevice(
            new ComputeSettings(
                "onednn",
                "fp32",
                1,
                ComputeSettings.Convolution.AUTO,
                ComputeSettings.Graphs.AUTO))) {
      assertThat(device).isNotNull();
      Set<String> mapped = mappedRuntimes();
      String name = OpenMp.openable("/cache/libgomp.so.1 (deleted)");

      assertThat(name).isEqualTo("libgomp.so.1");
      assertThat(NativeLibrary.getInstance(name).getFunction("omp_set_num_threads")).isNotNull();
      // no second one was loaded
      assertThat(mappedRuntimes()).isEqualTo(mapped);
    }
  }

  @Test
  void runtimeThatIsThereIsOpenedByItsPath() {
    assertThat(OpenMp.openable("/cache/libgomp.so.1")).isEqualTo("/cache/libgomp.so.1");
  }

  private static Set<String> mappedRuntimes() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines
          .filter(line -> line.contains("libgomp"))
          .map(line -> line.substring(line.indexOf('/')))
          .collect(Collectors.toSet());
    }
  }
}
