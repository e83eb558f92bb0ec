package org.byol4j.data;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.byol4j.image.ImageDecoder;

/**
 * Builds a store: walks the source in order, has every image read and decoded by worker threads,
 * and appends the good ones in the source's order, so that the same source gives the same files.
 *
 * <p>One build, by one thread. At most {@link #AHEAD_BYTES} of encoded images, and one more image,
 * are held in memory.
 */
final class StoreBuilder implements ImageSource.Visitor, AutoCloseable {
  private static final int AHEAD_PER_WORKER = 8;
  private static final long AHEAD_BYTES = 1L << 28;

  private final ImageSource source;
  private final StoreFiles files;
  private final DataSettings settings;
  private final StoreProgress progress;
  private final SegmentWriter segments;
  private final ExecutorService workers;
  private final Queue<ImageDecoder> idleDecoders = new ConcurrentLinkedQueue<>();

  private final ImageRecords records = new ImageRecords();
  private final List<String> reasons = new ArrayList<>();
  private final Map<String, Integer> ignored = new TreeMap<>();
  private final Deque<Pending> pending = new ArrayDeque<>();
  private long pendingBytes;

  /** A file that was read and whose verdict may still be under way. */
  private record Pending(String path, long lengthBytes, Future<Verdict> verdict) {}

  private StoreBuilder(
      ImageSource source,
      StoreFiles files,
      DataSettings settings,
      StoreProgress progress,
      SegmentWriter segments) {
    this.source = source;
    this.files = files;
    this.settings = settings;
    this.progress = progress;
    this.segments = segments;
    this.workers = Executors.newFixedThreadPool(settings.workers());
  }

  /**
   * Builds a store where there is none.
   *
   * @param segmentBytes the largest size of a file of encoded images
   * @throws DataException if the source is broken, empty, or has too many bad files
   * @throws UncheckedIOException if the store cannot be written
   */
  static Manifest build(
      ImageSource source,
      StoreFiles files,
      DataSettings settings,
      StoreProgress progress,
      int segmentBytes) {
    try (SegmentWriter segments = new SegmentWriter(files, segmentBytes);
        StoreBuilder builder = new StoreBuilder(source, files, settings, progress, segments)) {
      source.read(builder);
      while (!builder.pending.isEmpty()) {
        builder.settleFirst();
      }
      return new StoreWriter(files, builder.records, builder.reasons)
          .write(source, settings, builder.ignored, segments);
    } catch (IOException e) {
      throw files.failed("write", e);
    }
  }

  @Override
  public void image(String path, long lengthBytes, ImageSource.Encoded file) {
    await(new Pending(path, lengthBytes, workers.submit(() -> check(file))));
  }

  @Override
  public void bad(String path, String reason) {
    await(new Pending(path, 0, CompletableFuture.completedFuture(Verdict.bad(reason))));
  }

  @Override
  public void ignored(String path, String kind) {
    ignored.merge(kind, 1, Integer::sum);
  }

  private Verdict check(ImageSource.Encoded file) {
    ImageDecoder idle = idleDecoders.poll();
    ImageDecoder decoder = idle != null ? idle : new ImageDecoder(settings.maxPixels());
    try {
      return Verdict.of(file, decoder);
    } finally {
      idleDecoders.add(decoder);
    }
  }

  private void await(Pending file) {
    pending.add(file);
    pendingBytes += file.lengthBytes();
    while (pending.size() > AHEAD_PER_WORKER * settings.workers() || pendingBytes > AHEAD_BYTES) {
      settleFirst();
    }
  }

  private void settleFirst() {
    Pending file = pending.remove();
    pendingBytes -= file.lengthBytes();
    byte[] path = file.path().getBytes(StandardCharsets.UTF_8);
    try {
      Verdict verdict = file.verdict().get();
      if (verdict.isGood()) {
        byte[] encoded = verdict.encoded();
        records.add(path, segments.append(encoded), encoded.length, verdict.contentHash());
      } else {
        records.addBad(path, numberOf(verdict.fault()));
      }
    } catch (IOException e) {
      throw files.failed("write", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw files.failed("build", new InterruptedIOException("interrupted"));
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "cannot check image: source=%s image=%s".formatted(source.path(), file.path()),
          e.getCause());
    }
    progress.settled(records.count(), source.count());
  }

  private int numberOf(String reason) {
    if (!reasons.contains(reason)) {
      reasons.add(reason);
    }
    return reasons.indexOf(reason);
  }

  /** Ends the worker threads, after the image that each is at. */
  @Override
  public void close() {
    workers.shutdownNow();
    boolean interrupted = false;
    while (true) {
      try {
        if (workers.awaitTermination(1, TimeUnit.MINUTES)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    idleDecoders.forEach(ImageDecoder::close);
  }
}
