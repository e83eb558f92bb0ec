package org.byol4j.paramserver.sharing;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Environment;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * ND4J, loaded by a thread of its own. When it is loaded it tells OpenMP how many threads the
 * loading thread's loops have from now on; if that were a thread that drives a device, the device
 * would compute with as many, and give other bits.
 */
public final class LoadedNd4j {
  private LoadedNd4j() {}

  /**
   * Gives ND4J's loops so many threads instead of one for each processor: in this process those
   * that change elements, which have a limit of their own, and on the calling thread those that
   * count, which go by OpenMP's. Where a device computes by OpenMP on that thread, it is to be the
   * device's number.
   *
   * @param threads at least 1
   * @throws IllegalStateException if ND4J cannot be loaded
   */
  public static void computeWith(int threads) {
    require();
    Environment environment = Nd4j.getEnvironment();
    // more than there are processors it refuses without a word, and keeps what it had
    environment.setMaxMasterThreads(Math.min(threads, environment.maxThreads()));
    NativeOps natives = NativeOpsHolder.getInstance().getDeviceNativeOps();
    if (natives.ompGetMaxThreads() != threads) {
      natives.setOmpNumThreads(threads);
    }
  }

  /**
   * Returns when ND4J is loaded.
   *
   * @throws IllegalStateException if it cannot be
   */
  static void require() {
    Once.LOADED.require();
  }

  private static final class Once {
    static final Once LOADED = new Once();

    private final FutureTask<OpExecutioner> loading = new FutureTask<>(Nd4j::getExecutioner);

    private Once() {
      Thread thread = new Thread(loading, "loads-nd4j");
      thread.setDaemon(true);
      thread.start();
    }

    private void require() {
      try {
        loading.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException("cannot load ND4J: " + e.getCause(), e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while ND4J is loaded", e);
      }
    }
  }
}
