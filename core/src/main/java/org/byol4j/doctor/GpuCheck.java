package org.byol4j.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.byol4j.collective.CollectiveSettings.Kind;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.cuda.CudaInventory;
import org.byol4j.device.cuda.CudaInventory.Part;

/** What the device {@code cuda} needs, and what its GPU can compute with. */
final class GpuCheck {
  private static final int AMPERE = 80;
  private static final String HOW = "see docs/gpu.md, What a machine needs";

  /**
   * What there is to know.
   *
   * @param parts what was looked for
   * @param capability the GPU's, such as 90; empty if there is none that can be asked
   * @param gpus how many this process may see
   */
  record Facts(List<Part> parts, OptionalInt capability, int gpus) {
    Facts {
      parts = List.copyOf(parts);
    }

    static Facts ofThisMachine(String gpu) {
      CudaInventory inventory = CudaInventory.look(gpu);
      return new Facts(inventory.parts(), inventory.capability(), inventory.gpus());
    }

    boolean isComplete() {
      return parts.stream().allMatch(Part::isGood);
    }
  }

  private GpuCheck() {}

  /**
   * @param replicas how many are on this machine and have no GPU from Spark
   */
  static List<Finding> findings(Facts facts, ComputeSettings compute, int replicas) {
    if (!compute.device().equals("cuda")) {
      return List.of(Finding.fine("gpu", notNeeded(facts, compute.device())));
    }
    List<Finding> findings = new ArrayList<>();
    for (Part part : facts.parts) {
      findings.add(
          part.isGood()
              ? Finding.fine(part.name(), part.state())
              : Finding.fault(part.name(), part.state(), HOW));
    }
    facts.capability.ifPresent(
        capability -> findings.add(precision(capability, compute.precision())));
    if (facts.gpus > 0 && replicas > 1) {
      findings.add(
          Finding.warning(
              "gpus",
              "replicas here=%d gpus=%d: without addresses from Spark all compute on the first"
                  .formatted(replicas, facts.gpus),
              "let Spark give each replica a GPU of its own"
                  + " (cluster.spark.task.resource.gpu.amount=1), in an executor of its own"));
    }
    return findings;
  }

  /**
   * NCCL, where several replicas compute on GPUs.
   *
   * @param part what was found of it
   * @param kind what the settings ask for
   */
  static Finding nccl(Part part, Kind kind) {
    if (part.isGood()) {
      return Finding.fine(part.name(), part.state());
    }
    String advice = HOW + "; or collective.kind=tcp";
    return kind == Kind.NCCL
        ? Finding.fault(part.name(), part.state(), advice)
        : Finding.warning(
            part.name(),
            part.state() + "; without it gradients go through the host and TCP",
            advice);
  }

  private static String notNeeded(Facts facts, String device) {
    if (facts.isComplete()) {
      return "compute.device=%s does not use it; compute.device=cuda would run here"
          .formatted(device);
    }
    String missing =
        facts.parts.stream()
            .filter(part -> !part.isGood())
            .map(Part::name)
            .collect(Collectors.joining(", "));
    return "not needed by compute.device=%s; compute.device=cuda would lack: %s"
        .formatted(device, missing);
  }

  /** TF32 and bfloat16 came to tensor cores with Ampere. */
  private static Finding precision(int capability, String precision) {
    String has = capability >= AMPERE ? "fp32 tf32 bf16" : "fp32";
    String state =
        "compute capability %d.%d computes in %s, compute.precision=%s"
            .formatted(capability / 10, capability % 10, has, precision);
    if (capability >= AMPERE || precision.equals("fp32")) {
      return capability >= AMPERE && precision.equals("fp32")
          ? Finding.warning(
              "precision", state, "bf16 or tf32 use this GPU's tensor cores: many times the speed")
          : Finding.fine("precision", state);
    }
    return precision.equals("bf16")
        ? Finding.fault("precision", state, "compute.precision=fp32, or a GPU from Ampere on")
        : Finding.warning("precision", state, "compute.precision=fp32: tf32 is no faster here");
  }
}
