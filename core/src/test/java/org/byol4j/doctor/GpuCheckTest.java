package org.byol4j.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.byol4j.collective.CollectiveSettings.Kind;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.cuda.CudaInventory;
import org.byol4j.device.cuda.CudaInventory.Part;
import org.byol4j.doctor.Finding.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GpuCheckTest {
  private static final Part DRIVER = new Part("driver", "580.65.06, serves CUDA 13.0", true);
  private static final Part NO_CUDNN = new Part("libcudnn.so.9", "cannot load it", false);

  @Test
  void everythingThatIsMissingIsAFaultOfItsOwnOnCuda() {
    GpuCheck.Facts facts = new GpuCheck.Facts(List.of(DRIVER, NO_CUDNN), OptionalInt.of(90), 1);

    assertThat(GpuCheck.findings(facts, compute("cuda", "bf16"), 1))
        .extracting(Finding::subject, Finding::level)
        .containsExactly(
            tuple("driver", Level.FINE),
            tuple("libcudnn.so.9", Level.FAULT),
            tuple("precision", Level.FINE));
  }

  @Test
  void otherDevicesDoNotFailForAMissingGpu() {
    GpuCheck.Facts facts = new GpuCheck.Facts(List.of(DRIVER, NO_CUDNN), OptionalInt.empty(), 0);

    assertThat(GpuCheck.findings(facts, compute("onednn", "fp32"), 2))
        .containsExactly(
            Finding.fine(
                "gpu",
                "not needed by compute.device=onednn; compute.device=cuda would lack:"
                    + " libcudnn.so.9"));
  }

  @Test
  void gpuThatNobodyUsesIsMentioned() {
    GpuCheck.Facts facts = new GpuCheck.Facts(List.of(DRIVER), OptionalInt.of(90), 1);

    assertThat(GpuCheck.findings(facts, compute("onednn", "fp32"), 1).get(0).state())
        .isEqualTo("compute.device=onednn does not use it; compute.device=cuda would run here");
  }

  @ParameterizedTest
  @CsvSource({
    "75, fp32, FINE",
    "75, tf32, WARNING",
    "75, bf16, FAULT",
    "80, fp32, WARNING",
    "80, tf32, FINE",
    "90, bf16, FINE"
  })
  void precisionIsOfTheGpusTensorCores(int capability, String precision, Level level) {
    GpuCheck.Facts facts = new GpuCheck.Facts(List.of(DRIVER), OptionalInt.of(capability), 1);

    List<Finding> findings = GpuCheck.findings(facts, compute("cuda", precision), 1);

    assertThat(findings.get(1).subject()).isEqualTo("precision");
    assertThat(findings.get(1).level()).isEqualTo(level);
  }

  @Test
  void replicasWithoutAddressesShareTheFirstGpu() {
    GpuCheck.Facts facts = new GpuCheck.Facts(List.of(DRIVER), OptionalInt.of(90), 4);

    Finding last = GpuCheck.findings(facts, compute("cuda", "bf16"), 2).get(2);

    assertThat(last.level()).isEqualTo(Level.WARNING);
    assertThat(last.state()).startsWith("replicas here=2 gpus=4");
  }

  @Test
  void missingNcclIsAFaultOnlyForWhoAsksForIt() {
    Part missing = new Part("libnccl.so.2", "cannot load it", false);

    assertThat(GpuCheck.nccl(missing, Kind.NCCL).level()).isEqualTo(Level.FAULT);
    assertThat(GpuCheck.nccl(missing, Kind.AUTO).level()).isEqualTo(Level.WARNING);
    assertThat(GpuCheck.nccl(new Part("libnccl.so.2", "2.28.9", true), Kind.NCCL))
        .isEqualTo(Finding.fine("libnccl.so.2", "2.28.9"));
  }

  @Test
  void machineWithoutAGpuIsLookedAtToTheEnd() {
    assumeTrue(!Files.exists(Path.of("/proc/driver/nvidia/version")), "no NVIDIA driver here");

    CudaInventory inventory = CudaInventory.look("");

    assertThat(inventory.isComplete()).isFalse();
    assertThat(inventory.capability()).isEmpty();
    assertThat(inventory.parts())
        .extracting(Part::name)
        .containsExactly(
            "org.bytedeco:cuda",
            "driver",
            "gpu",
            "libcudart.so.13",
            "libnvrtc.so.13",
            "libcublas.so.13",
            "libcublasLt.so.13",
            "libcudnn.so.9");
    assertThat(inventory.parts().get(1).state()).contains("libcuda.so.1");
    assertThat(CudaInventory.nccl().name()).isEqualTo("libnccl.so.2");
  }

  private static ComputeSettings compute(String device, String precision) {
    return new ComputeSettings(
        device, precision, 1, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO);
  }
}
