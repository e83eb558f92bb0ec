package org.byol4j.collective.tcp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * The background thread of a replica that sends heartbeats and listens for them, hears of lost
 * connections and of the others' failures at once, and tells its own. What the replica's own thread
 * does meanwhile, or does not do, makes no difference to it. Whatever ends it early fails the
 * group.
 */
final class Watch implements AutoCloseable {
  private static final long LONGEST_TICK_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Heartbeats within the time after which a replica counts as silent. */
  private static final int BEATS = 10;

  private static final long FAREWELL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Group group;
  private final Mesh mesh;
  private final Selector selector;
  private final long peerTimeoutNanos;
  private final long tickNanos;
  private final List<ControlLink> controls = new ArrayList<>();
  private final Queue<ControlLink> arrivals = new ConcurrentLinkedQueue<>();
  private final Thread thread;
  private volatile boolean ends;
  private boolean hasTold;

  Watch(Group group, Mesh mesh, Duration peerTimeout) {
    this.group = group;
    this.mesh = mesh;
    this.peerTimeoutNanos = peerTimeout.toNanos();
    this.tickNanos = Math.min(LONGEST_TICK_NANOS, Math.max(1, peerTimeoutNanos / BEATS));
    try {
      this.selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot watch the replica's connections", e);
    }
    group.onFailure(selector::wakeup);
    this.thread = new Thread(this::run, "collective-watch-" + group.rank());
    thread.setDaemon(true);
    thread.start();
  }

  /** Takes over a proven control connection. */
  void arrive(int peer, Link link) {
    arrivals.add(new ControlLink(link, peer, System.nanoTime()));
    selector.wakeup();
  }

  private void run() {
    try {
      watch();
    } catch (Throwable e) {
      // an operation would wait for ever for what only this thread notices
      group.fail("rank=%d cannot watch its connections: %s".formatted(group.rank(), e), e);
    }
    try {
      takeLeave();
    } finally {
      controls.forEach(ControlLink::close);
      Sockets.close(selector);
    }
  }

  private void watch() throws IOException {
    long lastNanos = System.nanoTime();
    long nextBeat = lastNanos;
    while (!ends) {
      selector.select(Watch::serve, Math.max(1, TimeUnit.NANOSECONDS.toMillis(tickNanos)));
      long now = System.nanoTime();
      if (now - lastNanos > peerTimeoutNanos / 2) {
        // it was this process that stood still: nobody is blamed for its silence
        controls.forEach(control -> control.forgiveSilence(now));
      }
      lastNanos = now;
      takeArrivals();
      tell();
      if (now - nextBeat >= 0) {
        nextBeat = now + tickNanos;
        controls.forEach(control -> send(control, ControlLink.Message.HEARTBEAT, ""));
      }
      checkSilence(now);
    }
  }

  private static void serve(SelectionKey key) {
    ((Runnable) key.attachment()).run();
  }

  private void takeArrivals() throws IOException {
    for (ControlLink control = arrivals.poll(); control != null; control = arrivals.poll()) {
      ControlLink arrived = control;
      controls.add(arrived);
      arrived
          .link()
          .channel()
          .register(selector, SelectionKey.OP_READ, (Runnable) () -> hear(arrived));
      hear(arrived);
    }
  }

  private void hear(ControlLink control) {
    try {
      control.receive(System.nanoTime(), this::receive);
    } catch (IOException e) {
      lose(control, e);
    }
  }

  private void receive(ControlLink control, ControlLink.Message message, String text) {
    switch (message) {
      case HEARTBEAT -> {}
      case FAILED -> group.fail(text);
      case LEAVES -> {
        group.leave(control.peer());
        control.close();
      }
    }
  }

  /** Tells all others, once, that the group failed. */
  private void tell() {
    if (group.hasFailed() && !hasTold) {
      hasTold = true;
      controls.forEach(control -> send(control, ControlLink.Message.FAILED, group.failure()));
    }
  }

  private void send(ControlLink control, ControlLink.Message message, String text) {
    if (!control.isOpen()) {
      return;
    }
    try {
      control.send(message, text);
    } catch (IOException e) {
      lose(control, e);
    }
  }

  private void lose(ControlLink control, IOException how) {
    boolean isInUse = control.isOpen() && mesh.holds(Lane.CONTROL, control.peer(), control.link());
    control.close();
    if (isInUse) {
      group.fail("rank=%d is lost: its connection %s".formatted(control.peer(), how.getMessage()));
    }
  }

  private void checkSilence(long now) {
    for (ControlLink control : controls) {
      if (control.isOpen() && now - control.heardNanos() > peerTimeoutNanos) {
        group.fail(
            "rank=%d is silent, dead, frozen or cut off: peerTimeoutMs=%d"
                .formatted(control.peer(), TimeUnit.NANOSECONDS.toMillis(peerTimeoutNanos)));
      }
    }
  }

  /** Says good-bye, and why if the group failed, as far as the others take it in. */
  private void takeLeave() {
    tell();
    if (!group.hasFailed()) {
      controls.forEach(control -> send(control, ControlLink.Message.LEAVES, ""));
    }
    long deadline = System.nanoTime() + FAREWELL_NANOS;
    boolean isOver = false;
    while (!isOver && System.nanoTime() < deadline) {
      isOver = true;
      for (ControlLink control : controls) {
        isOver &= !control.isOpen() || isFlushed(control);
      }
      Thread.onSpinWait();
    }
  }

  private static boolean isFlushed(ControlLink control) {
    try {
      return control.flush();
    } catch (IOException e) {
      control.close();
      return true;
    }
  }

  /** Takes leave of the others and ends the thread. */
  @Override
  public void close() {
    ends = true;
    selector.wakeup();
    Threads.join(thread);
  }
}
