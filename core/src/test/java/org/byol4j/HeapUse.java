package org.byol4j;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * What work allocates on the heap, on the thread that does it.
 *
 * <p>HotSpot has a share in that: when it first queues a method of a class for compilation, it
 * makes the string constants of the whole class that were not needed before, such as those of error
 * messages, on the thread that made the method hot. (Seen with JFR's allocation events: a {@code
 * String} and its {@code byte[]} for each constant, below a call of that method.) When that happens
 * depends on how busy the compilers are, but it happens once for each class: work that allocates
 * nothing itself has rounds without any allocation, and other work has none.
 */
public final class HeapUse {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private HeapUse() {}

  /** The bytes that some work allocates. */
  public static long of(Runnable work) {
    long thread = Thread.currentThread().getId();
    long before = THREADS.getThreadAllocatedBytes(thread);
    work.run();
    return THREADS.getThreadAllocatedBytes(thread) - before;
  }

  /** The bytes that some work allocates, together with what another thread does meanwhile. */
  public static long of(Thread other, Runnable work) {
    long before = THREADS.getThreadAllocatedBytes(other.getId());
    long own = of(work);
    return own + THREADS.getThreadAllocatedBytes(other.getId()) - before;
  }

  /** The running thread of that name. */
  public static Thread threadNamed(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /**
   * The fewest bytes that a round of work allocates, of at most {@code rounds}; the first that
   * allocates nothing is the last.
   */
  public static long fewest(int rounds, Runnable round) {
    long fewest = Long.MAX_VALUE;
    for (int i = 0; i < rounds && fewest > 0; i++) {
      fewest = Math.min(fewest, of(round));
    }
    return fewest;
  }
}
