package org.byol4j.device.cuda;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.byol4j.collective.ByteGather;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.CollectiveSettings;
import org.byol4j.collective.CollectiveSettings.Kind;
import org.byol4j.device.Device;
import org.byol4j.device.cuda.NcclChoice.Statement;

/**
 * What replicas exchange gradients and weights by: their GPUs' own connection where the settings
 * want it and it can be had, or else the group that they have already.
 */
public final class GpuGroup implements AutoCloseable {
  private static final int MOST_ID_BYTES = 128;
  private static final long TICK_MS = 20;

  private final Collective collective;
  private final Optional<NcclCollective> connected;

  private GpuGroup(Collective collective, Optional<NcclCollective> connected) {
    this.collective = collective;
    this.connected = connected;
  }

  /**
   * Looks whether this machine can have replicas with a GPU each that are connected by NCCL, before
   * any of them is started.
   *
   * @throws NcclException naming the first thing that it lacks
   */
  public static void requireHere(int replicas) {
    CudaInventory found = CudaInventory.look("");
    NcclChoice.lack(found.parts(), found.gpus(), CudaInventory.nccl(), replicas)
        .ifPresent(
            lack -> {
              throw refused(lack);
            });
  }

  private static NcclException refused(String obstacle) {
    return new NcclException("collective.kind=nccl cannot be had: " + obstacle);
  }

  /**
   * Decides, together with all other replicas, and connects the GPUs if that is what comes out.
   *
   * @param group the replicas, each of which calls this; stays the caller's
   * @param device this replica's
   * @param says hears, on rank 0, what was decided
   * @throws NcclException on every replica, if the settings want NCCL and it cannot be had
   * @throws CollectiveException if a replica is lost, or NCCL fails
   */
  public static GpuGroup of(
      Collective group, Device device, CollectiveSettings settings, Consumer<String> says) {
    boolean isOutOfQuestion =
        settings.kind() == Kind.TCP
            || group.size() == 1
            || (settings.kind() == Kind.AUTO
                && (settings.isEncrypted() || !(device instanceof CudaDevice)));
    if (isOutOfQuestion) {
      return new GpuGroup(group, Optional.empty());
    }
    Optional<String> obstacle = obstacle(group, device, settings);
    if (obstacle.isPresent() && settings.kind() == Kind.NCCL) {
      throw refused(obstacle.get());
    }
    if (group.rank() == 0) {
      says.accept(
          obstacle
              .map(reason -> "replicas exchange by TCP, not by NCCL: " + reason)
              .orElse("replicas exchange by NCCL, from GPU to GPU"));
    }
    return obstacle.isPresent()
        ? new GpuGroup(group, Optional.empty())
        : connect(group, (CudaDevice) device, settings.progressTimeout());
  }

  /** What is in the way; the same on all replicas. */
  private static Optional<String> obstacle(
      Collective group, Device device, CollectiveSettings settings) {
    if (settings.isEncrypted()) {
      return Optional.of("NCCL does not encrypt, and collective.tls is set");
    }
    byte[] mine = statement(device).toBytes();
    List<Statement> all = new ArrayList<>();
    for (byte[] statement : ByteGather.of(group, mine, NcclChoice.MOST_BYTES)) {
      all.add(Statement.ofBytes(statement));
    }
    return NcclChoice.obstacle(all);
  }

  private static Statement statement(Device device) {
    if (!(device instanceof CudaDevice cuda)) {
      return Statement.lacks("compute.device=%s, expected cuda".formatted(device.name()));
    }
    try {
      Gpu gpu = cuda.engine().gpu();
      Gpu.Place place = gpu.place();
      return Statement.can(place.host(), place.busId(), gpu.linkVersion());
    } catch (IllegalStateException | LinkageError e) {
      return Statement.lacks(String.valueOf(e.getMessage()));
    }
  }

  private static GpuGroup connect(Collective group, CudaDevice device, Duration timeout) {
    Gpu gpu = device.engine().gpu();
    byte[] mine = group.rank() == 0 ? newId(group, gpu) : new byte[0];
    byte[] id = ByteGather.of(group, mine, MOST_ID_BYTES).get(0);
    GpuLink link = connect(group, gpu, id, timeout);
    NcclCollective made = new NcclCollective(group, device.engine(), link, timeout);
    return new GpuGroup(made, Optional.of(made));
  }

  private static byte[] newId(Collective group, Gpu gpu) {
    try {
      return gpu.newLinkId();
    } catch (IllegalStateException | LinkageError e) {
      throw failed(group, e.getMessage());
    }
  }

  /**
   * Connects on a thread of its own, since NCCL waits for the others for ever and cannot be told
   * that one of them is lost. Where it is, that thread stays behind.
   */
  private static GpuLink connect(Collective group, Gpu gpu, byte[] id, Duration timeout) {
    CompletableFuture<GpuLink> connected = new CompletableFuture<>();
    CompletableFuture<String> failure = new CompletableFuture<>();
    group.onFailure(failure::complete);
    Thread thread =
        new Thread(
            () -> {
              try {
                GpuLink link = gpu.link(id, group.rank(), group.size());
                if (!connected.complete(link)) {
                  link.close();
                }
              } catch (RuntimeException | LinkageError e) {
                connected.completeExceptionally(e);
              }
            },
            "nccl-connects-" + group.rank());
    thread.setDaemon(true);
    thread.start();
    try {
      return await(group, connected, failure, timeout);
    } catch (CollectiveException e) {
      // it may come all the same, when nobody wants it any more
      if (!connected.cancel(false) && !connected.isCompletedExceptionally()) {
        connected.join().close();
      }
      throw e;
    }
  }

  private static GpuLink await(
      Collective group,
      CompletableFuture<GpuLink> connected,
      CompletableFuture<String> failure,
      Duration timeout) {
    long start = System.nanoTime();
    while (!failure.isDone()) {
      try {
        return connected.get(TICK_MS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        if (System.nanoTime() - start > timeout.toNanos()) {
          throw failed(
              group, "the GPUs are not connected: timeoutMs=%d".formatted(timeout.toMillis()));
        }
      } catch (ExecutionException e) {
        throw failed(group, e.getCause().getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw failed(group, "interrupted while GPUs were connected");
      }
    }
    throw new CollectiveException(
        "connecting GPUs failed: rank=%d size=%d: %s"
            .formatted(group.rank(), group.size(), failure.join()));
  }

  /** Tells the others too: they wait for this replica. */
  private static CollectiveException failed(Collective group, String reason) {
    String text =
        "rank=%d cannot connect its GPU by NCCL: %s; collective.kind=tcp does without"
            .formatted(group.rank(), reason);
    group.abort(text);
    return new CollectiveException(text);
  }

  /** What replicas exchange by. */
  public Collective collective() {
    return collective;
  }

  /**
   * Tells the others why this replica fails, before its GPU's connection is closed, which they
   * would take for the reason. Where there is none, that is left to who runs the replica.
   */
  public void failed(Throwable reason) {
    connected.ifPresent(
        made -> made.abort("replica rank=%d failed: %s".formatted(made.rank(), reason)));
  }

  /** Closes the connection of the GPUs, if there is one. */
  @Override
  public void close() {
    connected.ifPresent(NcclCollective::close);
  }
}
