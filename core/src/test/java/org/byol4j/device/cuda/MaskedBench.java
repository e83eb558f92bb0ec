package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Pointer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.byol4j.device.Padding;
import org.byol4j.device.cuda.ConvolutionProblem.Arithmetic;
import org.byol4j.device.cuda.ConvolutionProblem.Direction;
import org.byol4j.device.cuda.Gpu.MaskedPlan;
import org.byol4j.device.cuda.Gpu.MaskedRunner;

/** Plans for one masked gradient, which are tried on the host and take as long as they are told. */
final class MaskedBench implements AutoCloseable {

  /** The first plan, which the others are held against. */
  static final String SEQUENCE = "sequence";

  /** What every plan works on. */
  static final long WORKSPACE = 64;

  /** More than any address space has. */
  static final long TOO_MUCH = 1L << 60;

  /** What lies in the tensors of the operation. */
  private static final byte CONTENT = 17;

  private final HostGpu gpu = new HostGpu(HostGpu.Order.FORWARDS, TOO_MUCH / 2);
  private final TrialGround.Lender memory = TrialMemory.of(gpu);
  private final Map<String, MaskedPlan> plans = new LinkedHashMap<>();
  private final Arithmetic arithmetic;
  private long now;

  MaskedBench(Arithmetic arithmetic) {
    this.arithmetic = arithmetic;
  }

  HostGpu gpu() {
    return gpu;
  }

  TrialGround.Lender memory() {
    return memory;
  }

  /** Images of more bytes than a piece that is looked at, and no multiple of one. */
  ConvolutionProblem problem() {
    Padding pad = Padding.both(1);
    return new ConvolutionProblem(
        Direction.MASKED_DATA, arithmetic, 3, 23, 23, 24, 23, 23, 16, 3, 1, pad, pad);
  }

  /** Of the gradient that is made. */
  long bytes() {
    return problem().images() * arithmetic.element().bytes();
  }

  /** How long plans took so far, in nanoseconds. */
  long nanos() {
    return now;
  }

  /** The convolution and our kernel. */
  MaskedRunner sequence() {
    return memory.lend(
        bytes(), x -> gpu.maskedPlan(problem(), new TrialGround(x, 0, 0, memory)).runner());
  }

  /** A fusion that is right. */
  MaskedRunner fused() {
    return HostConvolutions.maskedPlan(gpu, problem()).runner();
  }

  /** Adds a plan that takes so long. */
  void add(String name, long nanos, MaskedRunner runner) {
    addWanting(
        name,
        WORKSPACE,
        (x, w, y, addend, mask, workspace) -> {
          now += nanos;
          runner.run(x, w, y, addend, mask, workspace);
        });
  }

  /** Adds a plan of the library's that does not run. */
  void addRefusing(String name) {
    addWanting(
        name,
        0,
        (x, w, y, addend, mask, workspace) -> {
          throw new CudnnException("status=3000");
        });
  }

  /** Adds a plan that wants a workspace and takes no time. */
  void addWanting(String name, long workspaceBytes, MaskedRunner runner) {
    plans.put(name, new MaskedPlan(workspaceBytes, runner));
  }

  /** The fastest on tensors whose contents, but for the result's, count. */
  String fastest() {
    int element = arithmetic.element().bytes();
    long x = gpu.allocate(bytes());
    long w = filled(problem().filters() * element);
    long y = filled(problem().results() * element);
    try {
      String fastest = fastest(new TrialGround(x, w, y, memory));
      expectContent(w, problem().filters() * element);
      expectContent(y, problem().results() * element);
      return fastest;
    } finally {
      gpu.free(x);
      gpu.free(w);
      gpu.free(y);
    }
  }

  /** The fastest on tensors of somebody's. */
  String fastest(TrialGround ground) {
    return new MaskedTrials(gpu, () -> now).fastest(problem(), plans, ground);
  }

  private long filled(long bytes) {
    long address = gpu.allocate(bytes);
    new Pointer(address).setMemory(0, bytes, CONTENT);
    return address;
  }

  private static void expectContent(long address, long bytes) {
    assertThat(new Pointer(address).getByteArray(0, (int) bytes)).containsOnly(CONTENT);
  }

  /** Expects that everything was freed. */
  @Override
  public void close() {
    gpu.close();
    assertThat(gpu.held()).isZero();
  }
}
