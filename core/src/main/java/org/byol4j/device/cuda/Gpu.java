package org.byol4j.device.cuda;

import java.util.Map;
import org.bytedeco.javacpp.BytePointer;

/**
 * The machine below a {@link CudaDevice}. What computes or copies is started, in the order of the
 * calls, and runs behind the caller's back until {@link #await}; memory is named by its address.
 *
 * <p>Confined to one thread, but for {@link #fetch} and {@link #store}.
 */
interface Gpu extends AutoCloseable {

  /** What the bits of a result depend on: the GPU, the versions of driver and libraries. */
  Map<String, String> facts();

  /**
   * Returns memory of undefined content, aligned to 256 bytes.
   *
   * @throws OutOfMemoryError if there is no more, naming the size and what is free
   */
  long allocate(long bytes);

  /**
   * The GPU's memory, in bytes.
   *
   * @param free what nobody has, in this process or another
   */
  record Room(long free, long total) {}

  /** How much memory there is. */
  Room room();

  /** Frees memory, once everything that was started is done. */
  void free(long address);

  /** Memory of the host that the GPU copies from and to directly. */
  BytePointer pinned(long bytes);

  void unpin(BytePointer memory);

  /** Starts to set bytes to zero. */
  void zero(long address, long bytes);

  /** Starts a copy; either side may be pinned memory of the host. */
  void copy(long from, long to, long bytes);

  /** A way for copies from the GPU beside what it computes; closed with this. From any thread. */
  Exchange fetch();

  /**
   * A way for copies to the GPU that nobody waits for: what is started after one comes after it.
   * Closed with this. From any thread.
   */
  Exchange store();

  /** Returns when everything that was started is done, but for uploads that are not in use yet. */
  void await();

  /** A way for copies to the GPU beside what it computes; closed with this. */
  Upload upload();

  /**
   * An own kernel.
   *
   * @param file the resource that it is in, without {@code .cu}
   * @param element what activations are of
   */
  Kernel kernel(String file, Element element, String function);

  /**
   * A way to compute a convolution; the same for the same problem.
   *
   * @param ground where ways may be tried, which overwrites what they make
   * @throws UnsupportedOperationException if there is none
   * @throws OutOfMemoryError if the ground has no memory to try any
   */
  ConvolutionPlan plan(ConvolutionProblem problem, TrialGround ground);

  /**
   * A way to compute a problem of direction {@code MASKED_DATA}; the same for the same problem.
   *
   * @param ground where ways may be tried, as in {@link #plan}
   * @throws UnsupportedOperationException if there is none
   * @throws OutOfMemoryError if the ground has no memory to try any
   */
  MaskedPlan maskedPlan(ConvolutionProblem problem, TrialGround ground);

  /**
   * The names of the ways that {@link #plan} and {@link #maskedPlan} have returned, by {@link
   * ConvolutionProblem#key}.
   */
  Map<String, String> chosenWays();

  /** Has {@link #plan} and {@link #maskedPlan} take ways of these names, where they can be made. */
  void preferWays(Map<String, String> names);

  /**
   * Where this GPU sits: equal texts are the same GPU, whatever process asks.
   *
   * @throws IllegalStateException if that cannot be told
   */
  Place place();

  /**
   * What GPUs are connected by, and its version.
   *
   * @throws IllegalStateException if it is missing or will not do
   */
  String linkVersion();

  /** Draws what GPUs that are to be connected know each other by; one replica does, for all. */
  byte[] newLinkId();

  /**
   * Connects this GPU with those of the other replicas; returns when all do so. From any thread.
   *
   * @throws IllegalStateException if it cannot be
   */
  GpuLink link(byte[] id, int rank, int size);

  /** A GPU among all of all machines. */
  record Place(String host, String busId) {}

  /** One kernel. */
  @FunctionalInterface
  interface Kernel {

    /** Starts it on a grid of blocks. */
    void launch(int gridX, int gridY, int blockX, int blockY, Arguments arguments);
  }

  /**
   * Copies to memory of the GPU that is filled, used and filled again, while the GPU computes other
   * things. Confined to the GPU's thread.
   */
  interface Upload {

    /** Starts a copy from pinned memory. It does not wait for what computes; see {@link #used}. */
    void copy(long from, long to, long bytes);

    /** What is started on the GPU from now on waits for the copies. */
    void use();

    /** Copies that are asked for from now on wait for what was started on the GPU before. */
    void used();

    /** Returns when the copies are done, from memory of the host that may be filled anew then. */
    void await();
  }

  /** One copy from or to pinned memory at a time, by any thread. */
  interface Exchange {

    /** Begins a copy, after everything that was started before. */
    void begin(long from, long to, long bytes);

    /** Returns when the copy that was begun last is done; at once if none was. */
    void await();
  }

  /** One convolution, for given places. */
  interface ConvolutionPlan {

    /** How much memory it works with besides. */
    long workspaceBytes();

    /**
     * Whether a gradient of filters is of float32 and added to what is at {@code w}; otherwise it
     * is of the images' elements and written over that.
     */
    default boolean addsFloats() {
      return false;
    }

    /**
     * Starts it.
     *
     * @param x images, or where their gradient goes
     * @param w filters, or where their gradient goes
     * @param y what the filters make of the images, or its gradient
     */
    void run(long x, long w, long y, long workspace);

    /** The same plan, started by {@code runner} in its place. */
    default ConvolutionPlan startedBy(ConvolutionRunner runner) {
      ConvolutionPlan plan = this;
      return new ConvolutionPlan() {
        @Override
        public long workspaceBytes() {
          return plan.workspaceBytes();
        }

        @Override
        public boolean addsFloats() {
          return plan.addsFloats();
        }

        @Override
        public void run(long x, long w, long y, long workspace) {
          runner.run(x, w, y, workspace);
        }
      };
    }
  }

  /** What {@link ConvolutionPlan#run} does. */
  @FunctionalInterface
  interface ConvolutionRunner {
    void run(long x, long w, long y, long workspace);
  }

  /**
   * One gradient of images and what follows it, for given places.
   *
   * @param workspaceBytes how much memory it works with besides
   */
  record MaskedPlan(long workspaceBytes, MaskedRunner runner) {

    /**
     * Starts it.
     *
     * @param x where the masked sum goes; none of the other places
     * @param w filters
     * @param y the gradient of what the filters make
     * @param addend of the images' extents
     * @param mask what a ReLU made; the sum stays where that is positive
     */
    void run(long x, long w, long y, long addend, long mask, long workspace) {
      runner.run(x, w, y, addend, mask, workspace);
    }
  }

  /** What {@link MaskedPlan#run} does. */
  @FunctionalInterface
  interface MaskedRunner {
    void run(long x, long w, long y, long addend, long mask, long workspace);
  }

  @Override
  void close();
}
