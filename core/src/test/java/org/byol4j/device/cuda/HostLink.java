package org.byol4j.device.cuda;

import com.sun.jna.Pointer;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * The connection of {@link HostGpu}s of one process. As with the real one, what is sent goes out
 * though nobody waits here, what comes is not there before somebody waits, who then waits for the
 * others, and what is aborted leaves rubbish.
 */
final class HostLink implements GpuLink {
  private static final Map<String, Hub> HUBS = new ConcurrentHashMap<>();
  private static final long PATIENCE_SECONDS = 30;
  private static final long PAUSE_NANOS = 50_000;
  private static final byte RUBBISH = (byte) 0xa5;

  /** What the replicas of a group share. */
  private static final class Hub {
    private final CyclicBarrier door;
    private final Map<String, Queue<byte[]>> ways = new ConcurrentHashMap<>();

    private Hub(int size) {
      door = new CyclicBarrier(size);
    }

    private Queue<byte[]> way(int from, int to) {
      return ways.computeIfAbsent(from + "-" + to, key -> new ConcurrentLinkedQueue<>());
    }
  }

  private final HostGpu gpu;
  private final Hub hub;
  private final int rank;
  private volatile String problem = "";
  private volatile boolean isStalled;
  private volatile boolean isAborted;

  private HostLink(HostGpu gpu, Hub hub, int rank) {
    this.gpu = gpu;
    this.hub = hub;
    this.rank = rank;
  }

  static HostLink connect(HostGpu gpu, byte[] id, int rank, int size) {
    Hub hub = HUBS.computeIfAbsent(HexFormat.of().formatHex(id), key -> new Hub(size));
    try {
      hub.door.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new IllegalStateException("rank=%d: the others do not connect".formatted(rank), e);
    }
    return new HostLink(gpu, hub, rank);
  }

  /** Has it report something that went wrong, and never get on. */
  void breakDown(String what) {
    problem = what;
  }

  /** Has it never get on, and say nothing. */
  void stall() {
    isStalled = true;
  }

  boolean isAborted() {
    return isAborted;
  }

  @Override
  public void exchange(Routes routes) {
    if (isAborted) {
      throw new IllegalStateException("the connection of the GPUs was aborted");
    }
    Routes taken = copy(routes);
    gpu.settle();
    send(taken);
    gpu.start(() -> receive(taken));
  }

  private static Routes copy(Routes routes) {
    Routes copy = new Routes(routes.size());
    for (int peer = 0; peer < routes.size(); peer++) {
      copy.send(peer, routes.sentAddress(peer), routes.sentBytes(peer));
      copy.receive(peer, routes.receivedAddress(peer), routes.receivedBytes(peer));
    }
    return copy;
  }

  private void send(Routes routes) {
    for (int peer = 0; peer < routes.size(); peer++) {
      int length = (int) routes.sentBytes(peer);
      if (length > 0) {
        hub.way(rank, peer).add(new Pointer(routes.sentAddress(peer)).getByteArray(0, length));
      }
    }
  }

  private void receive(Routes routes) {
    for (int peer = 0; peer < routes.size(); peer++) {
      if (routes.receivedBytes(peer) > 0) {
        receive(peer, new Pointer(routes.receivedAddress(peer)), (int) routes.receivedBytes(peer));
      }
    }
  }

  private void receive(int peer, Pointer to, int length) {
    Optional<byte[]> bytes = Optional.empty();
    while (bytes.isEmpty() && !isAborted) {
      bytes = Optional.ofNullable(hub.way(peer, rank).poll());
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    if (bytes.isEmpty()) {
      to.setMemory(0, length, RUBBISH);
      return;
    }
    if (bytes.get().length != length) {
      throw new AssertionError(
          "rank=%d sends bytes=%d, rank=%d expects %d"
              .formatted(peer, bytes.get().length, rank, length));
    }
    to.write(0, bytes.get(), 0, length);
  }

  @Override
  public boolean isDone() {
    if (isStalled || !problem.isEmpty()) {
      return false;
    }
    gpu.settle();
    return true;
  }

  @Override
  public Optional<String> problem() {
    return Optional.of(problem).filter(what -> !what.isEmpty());
  }

  @Override
  public void abort() {
    isAborted = true;
  }

  @Override
  public void close() {
    abort();
  }
}
