package org.byol4j.spark.embed;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The models that tasks of this JVM use, each once. A model stays open for a while after its last
 * task, for the next one; then it is closed.
 */
final class SharedModels {
  private static final Duration KEPT = Duration.ofSeconds(30);

  /** Tasks have nothing else in common but their JVM: this is the only static state here. */
  private static final SharedModels OF_THIS_JVM = new SharedModels(KEPT, timer());

  private final Duration kept;
  private final ScheduledExecutorService timer;
  private final Map<String, Entry> entries = new HashMap<>();

  /** A model, how many use it, and when there are none, what will close it. */
  private static final class Entry {
    private final SharedModel model;
    private int users;
    private Optional<Future<?>> closing = Optional.empty();

    Entry(SharedModel model) {
      this.model = model;
    }
  }

  /** The right to use a model until it is closed. */
  interface Lease extends AutoCloseable {
    SharedModel model();

    @Override
    void close();
  }

  /**
   * @param kept how long a model stays open that nobody uses
   * @param timer closes models; stays the caller's
   */
  SharedModels(Duration kept, ScheduledExecutorService timer) {
    this.kept = kept;
    this.timer = timer;
  }

  private static ScheduledExecutorService timer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1,
            work -> {
              Thread made = new Thread(work, "unused-models");
              made.setDaemon(true);
              return made;
            });
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  /** Those of this JVM. */
  static SharedModels ofThisJvm() {
    return OF_THIS_JVM;
  }

  /**
   * Takes the model {@code id} into use.
   *
   * @param maker makes it if nobody has it
   */
  synchronized Lease lease(String id, Supplier<SharedModel> maker) {
    Entry entry = entries.get(id);
    if (entry == null) {
      entry = new Entry(maker.get());
      entries.put(id, entry);
    }
    entry.users++;
    entry.closing.ifPresent(closing -> closing.cancel(false));
    entry.closing = Optional.empty();
    return new OpenLease(id, entry);
  }

  private final class OpenLease implements Lease {
    private final String id;
    private final Entry entry;
    private boolean ended;

    OpenLease(String id, Entry entry) {
      this.id = id;
      this.entry = entry;
    }

    @Override
    public SharedModel model() {
      return entry.model;
    }

    @Override
    public void close() {
      synchronized (SharedModels.this) {
        if (ended) {
          return;
        }
        ended = true;
        entry.users--;
        if (entry.users == 0) {
          entry.closing =
              Optional.of(
                  timer.schedule(
                      () -> closeUnused(id, entry), kept.toMillis(), TimeUnit.MILLISECONDS));
        }
      }
    }
  }

  private synchronized void closeUnused(String id, Entry entry) {
    // somebody may have come while this waited for the lock
    if (entry.users == 0 && entries.remove(id, entry)) {
      entry.model.close();
    }
  }
}
