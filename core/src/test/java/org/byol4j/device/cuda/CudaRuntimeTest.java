package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said where something is missing or too old. */
class CudaRuntimeTest {
  @TempDir private Path folder;

  @Test
  void missingClassesAreNamedWithTheProfile() throws IOException {
    expectRefusalOfClassPath("needs the classes of org.bytedeco:cuda", "-Pcuda");
  }

  @Test
  void missingNativesAreNamedWithTheirClassifier() throws IOException {
    touch("org/bytedeco/cuda/global/cudnn.class", "");

    expectRefusalOfClassPath("needs the JNI libraries of org.bytedeco:cuda", "linux-x86_64");
  }

  @Test
  void classesOfNd4jsBackendAreToldApart() throws IOException {
    touchAll("11.6-8.3-1.5.7");

    expectRefusalOfClassPath("version=11.6-8.3-1.5.7", "expected 12.x or 13.x", "-Pnd4j-cuda");
  }

  @ParameterizedTest
  @CsvSource({"13.1-9.19-1.5.13, 13", "12.9-9.10-1.5.12, 12"})
  void bothLinesOfCudaAreTaken(String version, int line) throws IOException {
    touchAll(version);

    try (URLClassLoader loader = loader()) {
      assertThat(CudaRuntime.requireClasses(loader)).isEqualTo(line);
    }
  }

  @Test
  void driverThatIsTooOldIsToldWhatIsNeeded() {
    expectRefusal(
        () -> CudaRuntime.requireDriver(12080, 13),
        "it serves cuda=12.8, expected at least 13.0, which is driver 580 or later",
        "-Dcuda.version=12.9-9.10-1.5.12");
    expectRefusal(
        () -> CudaRuntime.requireDriver(11040, 12),
        "it serves cuda=11.4, expected at least 12.0, which is driver 525 or later");
  }

  @Test
  void driverOfTheSameOrALaterLineIsTaken() {
    assertThatCode(
            () -> {
              CudaRuntime.requireDriver(13000, 13);
              CudaRuntime.requireDriver(12020, 12);
              CudaRuntime.requireDriver(13010, 12);
            })
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 2})
  void gpuThatIsNotThereIsNamed(int gpu) {
    expectRefusal(() -> CudaRuntime.requireGpu(gpu, 2), "gpu=" + gpu, "the 2 that the driver sees");
  }

  @Test
  void addressOfAGpuIsItsNumber() {
    assertThat(CudaRuntime.numberOf("")).isZero();
    assertThat(CudaRuntime.numberOf("3")).isEqualTo(3);
    expectRefusal(() -> CudaRuntime.numberOf("GPU-8f2a"), "gpu=GPU-8f2a", "expected a number");
  }

  @ParameterizedTest
  @ValueSource(ints = {37, 60, 70, 72})
  void gpuBeforeTuringIsRefused(int capability) {
    expectRefusal(
        () -> CudaRuntime.requireCapability(0, capability),
        "computeCapability=%d.%d".formatted(capability / 10, capability % 10),
        "expected at least 7.5",
        "compute.device=nd4j");
  }

  @ParameterizedTest
  @ValueSource(ints = {75, 80, 86, 89, 90, 100, 120})
  void gpuFromTuringOnIsTaken(int capability) {
    assertThatCode(() -> CudaRuntime.requireCapability(0, capability)).doesNotThrowAnyException();
  }

  @Test
  void missingLibraryIsNamedWithItsPackages() {
    assertThat(CudaRuntime.missing("libcudnn.so.9", "libcudnn9-cuda-13, nvidia-cudnn-cu13"))
        .contains("cannot load library=libcudnn.so.9")
        .contains("libcudnn9-cuda-13, nvidia-cudnn-cu13")
        .contains("LD_LIBRARY_PATH=");
  }

  @Test
  void librariesOfAnotherVersionAreRefusedBeforeTheyAreCalled() {
    expectRefusal(() -> CudaRuntime.requireCudnn(90401), "cudnn=9.4.1, expected 9.5");
    expectRefusal(() -> CudaRuntime.requireCudnn(100000), "cudnn=10.0.0");
    expectRefusal(() -> CudaRuntime.requireNvrtc(12, 4, 13), "cuda=12.4, expected 13.x");
    expectRefusal(() -> CudaRuntime.requireCublas(120805, 13), "cublas=12.8.5, expected 13.x");
    assertThatCode(
            () -> {
              CudaRuntime.requireCudnn(90500);
              CudaRuntime.requireCudnn(92400);
              CudaRuntime.requireCublas(130101, 13);
              CudaRuntime.requireNvrtc(13, 0, 13);
            })
        .doesNotThrowAnyException();
  }

  private void touchAll(String version) throws IOException {
    touch("org/bytedeco/cuda/global/cudnn.class", "");
    touch("org/bytedeco/cuda/linux-x86_64/libjnicudnn.so", "");
    touch("META-INF/maven/org.bytedeco/cuda/pom.properties", "version=" + version);
  }

  private void touch(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private URLClassLoader loader() throws IOException {
    return new URLClassLoader(new URL[] {folder.toUri().toURL()}, null);
  }

  private void expectRefusalOfClassPath(String... texts) throws IOException {
    try (URLClassLoader loader = loader()) {
      expectRefusal(() -> CudaRuntime.requireClasses(loader), texts);
    }
  }

  private static void expectRefusal(ThrowingCallable call, String... texts) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalStateException.class)
        .message()
        .startsWith("compute.device=cuda")
        .contains(texts);
  }
}
