package org.byol4j.device.cuda;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;
import org.byol4j.device.DeviceMemory;
import org.byol4j.device.DeviceMemoryError;
import org.bytedeco.javacpp.BytePointer;

/** What the operations of one device share: the GPU, its memory, the areas they use in turn. */
final class Engine implements AutoCloseable {

  private final Gpu gpu;
  private final ConvolutionProblem.Arithmetic ofActivations;
  private final Waits waits;
  private final Staging staging;
  private final Set<GpuMemory> memories = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<Arguments> arguments = new ArrayList<>();
  private final List<BytePointer> pinned = new ArrayList<>();
  private final PackedWeights packedWeights = new PackedWeights(this);
  private final Area images = new Area(this);
  private final Area results = new Area(this);
  private final Area filters = new Area(this);
  private final Area workspace = new Area(this);
  private final Area partials = new Area(this);
  private final Area transfer = new Area(this);
  private boolean closed;

  /**
   * @param gpu where it computes; closed with this
   * @param ofActivations how products of activations are taken
   */
  Engine(Gpu gpu, ConvolutionProblem.Arithmetic ofActivations) {
    this.gpu = gpu;
    this.ofActivations = ofActivations;
    waits = new Waits(gpu);
    staging = new Staging(gpu, waits);
  }

  Gpu gpu() {
    return gpu;
  }

  Waits waits() {
    return waits;
  }

  Staging staging() {
    return staging;
  }

  PackedWeights packedWeights() {
    return packedWeights;
  }

  /** How products of tensors of such elements are taken. */
  ConvolutionProblem.Arithmetic arithmetic(Element element) {
    if (element == ofActivations.element()) {
      return ofActivations;
    }
    return element == Element.BF16
        ? ConvolutionProblem.Arithmetic.BF16
        : ConvolutionProblem.Arithmetic.FP32;
  }

  /** Images as a convolution wants them. */
  Area images() {
    return images;
  }

  /** What a convolution makes of images, where it wants it. */
  Area results() {
    return results;
  }

  /** A gradient of filters, before it is added. */
  Area filters() {
    return filters;
  }

  /** What convolutions work with besides. */
  Area workspace() {
    return workspace;
  }

  /** Sums of parts. */
  Area partials() {
    return partials;
  }

  /** Elements as the host has them, on their way. */
  Area transfer() {
    return transfer;
  }

  /** A kernel to be given its grid and arguments. */
  Launch launch(String file, Element element, String function) {
    requireOpen();
    return new Launch(gpu.kernel(file, element, function), arguments());
  }

  /** Arguments that live as long as the device. */
  Arguments arguments() {
    Arguments made = new Arguments();
    arguments.add(made);
    return made;
  }

  /** Pinned memory of the host that lives as long as the device; from any thread. */
  BytePointer pinned(long bytes) {
    synchronized (pinned) {
      BytePointer memory = gpu.pinned(bytes);
      pinned.add(memory);
      return memory;
    }
  }

  /** Zeroed memory to work with that lives until it is freed or the device closed. */
  GpuMemory allocate(Element element, long bytes) {
    return allocate(DeviceMemory.Purpose.WORKSPACE, element, bytes);
  }

  /**
   * The same for any purpose.
   *
   * @throws DeviceMemoryError if there is no more
   */
  GpuMemory allocate(DeviceMemory.Purpose purpose, Element element, long bytes) {
    GpuMemory memory = reserve(purpose, element, bytes);
    gpu.zero(memory.address(), bytes);
    return memory;
  }

  /** See {@link TrialGround.Lender#lend}. */
  <T> T lend(long bytes, LongFunction<T> work) {
    GpuMemory memory = reserve(DeviceMemory.Purpose.WORKSPACE, Element.FP32, bytes);
    try {
      return work.apply(memory.address());
    } finally {
      free(memory);
    }
  }

  private GpuMemory reserve(DeviceMemory.Purpose purpose, Element element, long bytes) {
    requireOpen();
    long address;
    try {
      address = gpu.allocate(bytes);
    } catch (OutOfMemoryError e) {
      throw exhausted(e);
    }
    GpuMemory memory = new GpuMemory(purpose, element, bytes, address);
    memories.add(memory);
    return memory;
  }

  /** The error that the GPU has no more memory, with what it is used for. */
  private DeviceMemoryError exhausted(OutOfMemoryError cause) {
    Gpu.Room room = gpu.room();
    DeviceMemory held =
        new DeviceMemory(
            room.free(),
            room.total(),
            held(DeviceMemory.Purpose.ACTIVATIONS),
            ofActivations.element().bytes(),
            held(DeviceMemory.Purpose.PARAMETERS),
            held(DeviceMemory.Purpose.WORKSPACE));
    DeviceMemoryError error = new DeviceMemoryError(cause.getMessage(), held);
    error.initCause(cause);
    return error;
  }

  private long held(DeviceMemory.Purpose purpose) {
    return memories.stream()
        .filter(memory -> memory.purpose() == purpose)
        .mapToLong(GpuMemory::bytes)
        .sum();
  }

  /** Numbers that kernels look things up in; they live as long as the device. */
  GpuMemory table(long... values) {
    GpuMemory memory = allocate(Element.FP32, (long) values.length * Long.BYTES);
    staging.upload(values, memory.address());
    return memory;
  }

  void free(GpuMemory memory) {
    if (memories.remove(memory)) {
      memory.markClosed();
      packedWeights.forget(memory);
      gpu.free(memory.address());
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("cuda device was closed");
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    gpu.await();
    for (GpuMemory memory : memories) {
      memory.markClosed();
      gpu.free(memory.address());
    }
    memories.clear();
    arguments.forEach(Arguments::close);
    pinned.forEach(gpu::unpin);
    staging.close();
    gpu.close();
  }
}
