package org.byol4j.device.cuda;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A GPU that starts nothing before somebody waits for it, and then everything at once: by a
 * recording where the very same was started before, with the same places and arguments, else piece
 * by piece. So a step is cut where the host waits, and nothing that differs from step to step can
 * go unnoticed.
 *
 * <p>What has come for the first time is started piece by piece, so that libraries load what they
 * need; the second time it is recorded. Where the machine refuses to record, that is logged once,
 * and everything is started piece by piece from then on.
 */
final class ReplayingGpu implements Gpu {
  private static final Logger LOG = LoggerFactory.getLogger(ReplayingGpu.class);

  /** How much may wait to be started. */
  private static final int MOST_WAITING = 1 << 16;

  /**
   * When something is recorded.
   *
   * @param fewest how much there must be to start; less is not worth it
   * @param sightings how often it must have come before
   * @param most how many sequences are remembered; that which was not seen for longest goes first
   */
  record Policy(int fewest, int sightings, int most) {

    /** A replica among others has some hundred sequences in a step, alone it has a few. */
    static final Policy USUAL = new Policy(8, 1, 1024);
  }

  /** A sequence that has come before. */
  private static final class Known {
    private int sightings;
    private Optional<Recorder.Recording> recording = Optional.empty();
  }

  private final Gpu gpu;
  private final Recorder recorder;
  private final Policy policy;
  private final Trace waiting = new Trace();
  private final Arguments arguments = Arguments.withRoom();

  /** From the one that was not seen for longest to the last one. */
  private final Map<Trace, Known> known = new LinkedHashMap<>(16, 0.75f, true);

  private boolean records = true;
  private long replays;

  /**
   * @param gpu what computes; closed with this
   */
  <G extends Gpu & Recorder> ReplayingGpu(G gpu, Policy policy) {
    this.gpu = gpu;
    this.recorder = gpu;
    this.policy = policy;
  }

  /** How often a recording was started. */
  synchronized long replays() {
    return replays;
  }

  @Override
  public Map<String, String> facts() {
    return gpu.facts();
  }

  @Override
  public long allocate(long bytes) {
    return gpu.allocate(bytes);
  }

  @Override
  public Room room() {
    return gpu.room();
  }

  @Override
  public void free(long address) {
    startWaiting();
    gpu.free(address);
  }

  @Override
  public BytePointer pinned(long bytes) {
    return gpu.pinned(bytes);
  }

  @Override
  public void unpin(BytePointer memory) {
    startWaiting();
    gpu.unpin(memory);
  }

  @Override
  public synchronized void zero(long address, long bytes) {
    waiting.zero(address, bytes);
    limit();
  }

  @Override
  public synchronized void copy(long from, long to, long bytes) {
    waiting.copy(from, to, bytes);
    limit();
  }

  @Override
  public Exchange fetch() {
    return afterWhatWaits(gpu.fetch());
  }

  @Override
  public Exchange store() {
    return afterWhatWaits(gpu.store());
  }

  /** Starts what waits; the copies themselves are none of it, so that other threads may ask. */
  private Exchange afterWhatWaits(Exchange exchange) {
    return new Exchange() {
      @Override
      public void begin(long from, long to, long bytes) {
        startWaiting();
        exchange.begin(from, to, bytes);
      }

      @Override
      public void await() {
        exchange.await();
      }
    };
  }

  @Override
  public void await() {
    startWaiting();
    gpu.await();
  }

  @Override
  public Upload upload() {
    Upload upload = gpu.upload();
    return new Upload() {
      @Override
      public void copy(long from, long to, long bytes) {
        upload.copy(from, to, bytes);
      }

      @Override
      public void use() {
        startWaiting();
        upload.use();
      }

      @Override
      public void used() {
        startWaiting();
        upload.used();
      }

      @Override
      public void await() {
        upload.await();
      }
    };
  }

  @Override
  public Kernel kernel(String file, Element element, String function) {
    Kernel kernel = gpu.kernel(file, element, function);
    return (gridX, gridY, blockX, blockY, given) -> {
      synchronized (this) {
        waiting.kernel(kernel, gridX, gridY, blockX, blockY, given);
        limit();
      }
    };
  }

  @Override
  public ConvolutionPlan plan(ConvolutionProblem problem, TrialGround ground) {
    startWaiting();
    ConvolutionPlan plan = gpu.plan(problem, ground);
    return plan.startedBy(
        (x, w, y, workspace) -> {
          synchronized (this) {
            waiting.convolution(plan, x, w, y, workspace);
            limit();
          }
        });
  }

  @Override
  public MaskedPlan maskedPlan(ConvolutionProblem problem, TrialGround ground) {
    startWaiting();
    MaskedPlan plan = gpu.maskedPlan(problem, ground);
    return new MaskedPlan(
        plan.workspaceBytes(),
        (x, w, y, addend, mask, workspace) -> {
          synchronized (this) {
            waiting.masked(plan, x, w, y, addend, mask, workspace);
            limit();
          }
        });
  }

  @Override
  public Map<String, String> chosenWays() {
    return gpu.chosenWays();
  }

  @Override
  public void preferWays(Map<String, String> names) {
    gpu.preferWays(names);
  }

  @Override
  public Place place() {
    return gpu.place();
  }

  @Override
  public String linkVersion() {
    return gpu.linkVersion();
  }

  @Override
  public byte[] newLinkId() {
    return gpu.newLinkId();
  }

  /** What goes to other GPUs is none of what is put down: it is waited for, and may be aborted. */
  @Override
  public GpuLink link(byte[] id, int rank, int size) {
    GpuLink link = gpu.link(id, rank, size);
    return new GpuLink() {
      @Override
      public void exchange(Routes routes) {
        startWaiting();
        link.exchange(routes);
      }

      @Override
      public boolean isDone() {
        startWaiting();
        return link.isDone();
      }

      @Override
      public Optional<String> problem() {
        return link.problem();
      }

      @Override
      public void abort() {
        link.abort();
      }

      @Override
      public void close() {
        link.close();
      }
    };
  }

  private void limit() {
    if (waiting.count() == MOST_WAITING) {
      startWaiting();
    }
  }

  private synchronized void startWaiting() {
    if (waiting.count() == 0) {
      return;
    }
    try {
      if (!records || waiting.count() < policy.fewest() || !replayed()) {
        waiting.start(gpu, arguments);
      }
    } finally {
      waiting.clear();
    }
  }

  /** Whether what waits was started by a recording, perhaps one made now. */
  private boolean replayed() {
    Known sequence = known.get(waiting);
    if (sequence == null) {
      sequence = new Known();
      known.put(waiting.copy(), sequence);
      forgetOldest();
    }
    if (sequence.recording.isEmpty() && sequence.sightings++ >= policy.sightings()) {
      sequence.recording = recorded();
    }
    if (sequence.recording.isEmpty()) {
      return false;
    }
    sequence.recording.get().start();
    replays++;
    return true;
  }

  private Optional<Recorder.Recording> recorded() {
    try {
      return Optional.of(recorder.record(() -> waiting.start(gpu, arguments)));
    } catch (RecordingRefusedException e) {
      records = false;
      LOG.warn(
          "steps are started piece by piece, which is slower: the GPU records none: {}",
          e.getMessage());
      return Optional.empty();
    }
  }

  private void forgetOldest() {
    if (known.size() <= policy.most()) {
      return;
    }
    Iterator<Known> oldest = known.values().iterator();
    oldest
        .next()
        .recording
        .ifPresent(
            recording -> {
              // it may be running
              gpu.await();
              recording.close();
            });
    oldest.remove();
  }

  @Override
  public void close() {
    startWaiting();
    gpu.await();
    known.values().forEach(sequence -> sequence.recording.ifPresent(Recorder.Recording::close));
    known.clear();
    arguments.close();
    gpu.close();
  }
}
