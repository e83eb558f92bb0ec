package org.byol4j.device.cuda;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveArguments;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.Vector;

/**
 * Replicas whose GPUs send each other gradients and weights, which never leave the GPUs' memory.
 *
 * <p>It stands on another collective, {@code control}: the host's values and vectors, the
 * background handle, and all that concerns lost replicas go there. Only vectors and figures that
 * lie in this device's memory go from GPU to GPU. Sums are taken by a kernel of ours, each element
 * in rank order and in float, so that the bits are those of the other collectives.
 *
 * <p>When control's group fails, whoever noticed, what is under way on the GPU is aborted; and what
 * fails here fails control's group. An operation on a vector returns when the GPU is done with it;
 * where the group fails before, it throws at once, while what is under way is still being aborted.
 * One on figures returns before, and who waits for the GPU next waits, and throws, like that.
 */
final class NcclCollective implements Collective {
  /** Bytes that come from all others together before they are summed. */
  private static final long SCRATCH_BYTES = 64L << 20;

  private static final String FIGURES = "allGather of figures";
  private static final long CLOSING_SECONDS = 10;

  private final Collective control;
  private final Engine engine;
  private final GpuLink link;
  private final LinkWait wait;
  private final int rank;
  private final int size;
  private final Routes routes;
  private final RankOrderSumKernel sum;
  private final long mostElements;
  private final AtomicReference<String> failure = new AtomicReference<>("");
  private volatile Optional<Thread> aborting = Optional.empty();
  private Optional<GpuMemory> scratch = Optional.empty();
  private long sentBytes;

  /** Whether figures may be on their way. */
  private boolean isUnderway;

  /**
   * @param control the group, on all replicas of which this is made; stays the caller's
   * @param link closed with this
   * @param progressTimeout how long the GPU may take for an operation
   */
  NcclCollective(Collective control, Engine engine, GpuLink link, Duration progressTimeout) {
    this(control, engine, link, progressTimeout, SCRATCH_BYTES);
  }

  NcclCollective(
      Collective control,
      Engine engine,
      GpuLink link,
      Duration progressTimeout,
      long scratchBytes) {
    this.control = control;
    this.engine = engine;
    this.link = link;
    rank = control.rank();
    wait = new LinkWait(link, progressTimeout, rank);
    size = control.size();
    routes = new Routes(size);
    sum = new RankOrderSumKernel(engine, rank, size);
    mostElements = Math.max(1, scratchBytes / Float.BYTES / Math.max(1, size - 1));
    control.onFailure(this::failed);
    engine.waits().beforeEach(this::finishFigures);
  }

  /** Aborting may take its time: who notices a failure may be who sends the heartbeats. */
  private void failed(String reason) {
    if (failure.compareAndSet("", reason)) {
      Thread thread = new Thread(link::abort, "nccl-aborts-" + rank);
      thread.setDaemon(true);
      aborting = Optional.of(thread);
      thread.start();
    }
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public void allReduceSum(double[] values) {
    control.allReduceSum(values);
  }

  @Override
  public void allGather(double[] mine, double[] all) {
    control.allGather(mine, all);
  }

  @Override
  public void reduceScatterSum(Vector values, long[] bounds) {
    Optional<CudaWindow> here = here(values);
    if (here.isEmpty()) {
      control.reduceScatterSum(values, bounds);
      return;
    }
    CollectiveArguments.requireBounds(bounds, size, values.length());
    run("reduceScatterSum", () -> reduceScatter(here.get(), bounds));
    here.get().changed();
  }

  @Override
  public void allGather(Vector values, long[] bounds) {
    Optional<CudaWindow> here = here(values);
    if (here.isEmpty()) {
      control.allGather(values, bounds);
      return;
    }
    CollectiveArguments.requireBounds(bounds, size, values.length());
    run("allGather", () -> gather(here.get(), bounds));
    here.get().changed();
  }

  @Override
  public boolean reaches(Object holder) {
    return holder instanceof GpuFigures figures && figures.place().engine() == engine;
  }

  @Override
  public void startAllGather(Object holder) {
    if (!(holder instanceof GpuFigures figures) || !reaches(holder)) {
      throw new UnsupportedOperationException(
          "figures of another device: class=" + holder.getClass().getName());
    }
    begin(FIGURES, () -> gather(figures.place()));
    isUnderway = true;
  }

  /** Returns when figures that were on their way are here, or the group has failed. */
  private void finishFigures() {
    if (isUnderway) {
      finish(FIGURES);
    }
  }

  /** The vector in the memory of this device; empty if it lies elsewhere. */
  private Optional<CudaWindow> here(Vector values) {
    return values.holder() instanceof CudaWindow window && window.isOf(engine)
        ? Optional.of(window)
        : Optional.empty();
  }

  private void reduceScatter(CudaWindow values, long[] bounds) {
    long longest = longest(bounds);
    long piece = Math.min(mostElements, longest);
    long received = scratch(piece).address();
    for (long from = 0; from < longest; from += piece) {
      long mine = within(bounds, rank, from, piece);
      routes.clear();
      for (int peer = 0; peer < size; peer++) {
        if (peer != rank) {
          routes.send(
              peer,
              values.address(bounds[peer] + from),
              within(bounds, peer, from, piece) * Float.BYTES);
          long place = (peer < rank ? peer : peer - 1) * piece;
          routes.receive(peer, received + place * Float.BYTES, mine * Float.BYTES);
        }
      }
      start();
      if (mine > 0) {
        sum.run(values.address(bounds[rank] + from), received, piece, mine);
      }
    }
  }

  private void gather(CudaWindow values, long[] bounds) {
    routes.clear();
    for (int peer = 0; peer < size; peer++) {
      if (peer != rank) {
        routes.send(peer, values.address(bounds[rank]), length(bounds, rank) * Float.BYTES);
        routes.receive(peer, values.address(bounds[peer]), length(bounds, peer) * Float.BYTES);
      }
    }
    start();
  }

  private void gather(GpuFigures.Place all) {
    long bytes = (long) all.length() / size * Double.BYTES;
    routes.clear();
    for (int peer = 0; peer < size; peer++) {
      if (peer != rank) {
        routes.send(peer, all.address() + rank * bytes, bytes);
        routes.receive(peer, all.address() + peer * bytes, bytes);
      }
    }
    start();
  }

  private void start() {
    link.exchange(routes);
    sentBytes += routes.allSentBytes();
  }

  private static long length(long[] bounds, int owner) {
    return bounds[owner + 1] - bounds[owner];
  }

  private long longest(long[] bounds) {
    long longest = 0;
    for (int owner = 0; owner < size; owner++) {
      longest = Math.max(longest, length(bounds, owner));
    }
    return longest;
  }

  /** How many of an owner's elements are in the piece that begins behind {@code from} of them. */
  private static long within(long[] bounds, int owner, long from, long piece) {
    return Math.max(0, Math.min(piece, length(bounds, owner) - from));
  }

  /** Room for {@code piece} elements of each other replica. */
  private GpuMemory scratch(long piece) {
    long bytes = Math.max(1, piece * (size - 1) * Float.BYTES);
    if (scratch.isEmpty() || scratch.get().bytes() < bytes) {
      scratch.ifPresent(engine::free);
      scratch = Optional.of(engine.allocate(Element.FP32, bytes));
    }
    return scratch.get();
  }

  /** Starts an operation and waits for the GPU. */
  private void run(String operation, Runnable start) {
    begin(operation, start);
    finish(operation);
  }

  private void begin(String operation, Runnable start) {
    if (Thread.currentThread().isInterrupted()) {
      fail("rank=%d %s interrupted".formatted(rank, operation));
    }
    throwIfFailed(operation);
    try {
      start.run();
    } catch (IllegalStateException e) {
      // of the driver or NCCL; also where somebody has aborted what is under way
      fail("rank=%d %s: %s".formatted(rank, operation, e.getMessage()));
    }
    throwIfFailed(operation);
  }

  /** Waits for everything that was started on the GPU. */
  private void finish(String operation) {
    try {
      wait.run(operation, () -> !failure.get().isEmpty(), this::fail);
    } catch (IllegalStateException e) {
      fail("rank=%d %s: %s".formatted(rank, operation, e.getMessage()));
    }
    throwIfFailed(operation);
    isUnderway = false;
  }

  /** Fails the group, which aborts what is under way, here too. */
  private void fail(String reason) {
    control.abort(reason);
    failed(reason);
  }

  private void throwIfFailed(String operation) {
    String reason = failure.get();
    if (!reason.isEmpty()) {
      throw new CollectiveException(
          "%s failed: rank=%d size=%d: %s".formatted(operation, rank, size, reason));
    }
  }

  /**
   * Control's: operations of two threads would come to the GPUs in different orders, which NCCL
   * forbids.
   */
  @Override
  public Collective background() {
    return control.background();
  }

  @Override
  public long sentBytes() {
    return control.sentBytes() + sentBytes;
  }

  @Override
  public void onFailure(Consumer<String> listener) {
    control.onFailure(listener);
  }

  @Override
  public void abort(String reason) {
    control.abort(reason);
  }

  /** Closes the connection of the GPUs. Control's last operation says that all are done with it. */
  @Override
  public void close() {
    engine.waits().beforeEach(() -> {});
    if (failure.get().isEmpty()) {
      link.close();
    }
    aborting.ifPresent(NcclCollective::awaitEnd);
    scratch.ifPresent(engine::free);
    scratch = Optional.empty();
  }

  /** Waits for some seconds: what hangs in NCCL then is left behind. */
  private static void awaitEnd(Thread thread) {
    try {
      TimeUnit.SECONDS.timedJoin(thread, CLOSING_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
