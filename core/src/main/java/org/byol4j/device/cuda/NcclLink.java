package org.byol4j.device.cuda;

import static org.bytedeco.cuda.global.cudart.CUDA_ERROR_NOT_READY;
import static org.bytedeco.cuda.global.cudart.cuStreamQuery;
import static org.bytedeco.cuda.global.nccl.NCCL_UNIQUE_ID_BYTES;
import static org.bytedeco.cuda.global.nccl.ncclChar;
import static org.bytedeco.cuda.global.nccl.ncclCommAbort;
import static org.bytedeco.cuda.global.nccl.ncclCommGetAsyncError;
import static org.bytedeco.cuda.global.nccl.ncclCommInitRank;
import static org.bytedeco.cuda.global.nccl.ncclGetErrorString;
import static org.bytedeco.cuda.global.nccl.ncclGetLastError;
import static org.bytedeco.cuda.global.nccl.ncclGetUniqueId;
import static org.bytedeco.cuda.global.nccl.ncclGetVersion;
import static org.bytedeco.cuda.global.nccl.ncclGroupEnd;
import static org.bytedeco.cuda.global.nccl.ncclGroupStart;
import static org.bytedeco.cuda.global.nccl.ncclRecv;
import static org.bytedeco.cuda.global.nccl.ncclSend;

import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.nccl.ncclComm;
import org.bytedeco.cuda.nccl.ncclUniqueId;
import org.bytedeco.javacpp.BytePointer;

/**
 * A communicator of NCCL on one stream. Only functions that are in NCCL from 2.18 on are called;
 * from 2.19 on it may be aborted while another thread is in a call.
 *
 * <p>A communicator that was aborted is freed memory: a lock keeps others from it. Who aborts waits
 * a second for who is in a call; then that call hangs, which is what aborting is for.
 */
final class NcclLink implements GpuLink {
  private static final long PATIENCE_SECONDS = 1;

  private final Runnable enter;
  private final CUstream_st stream;
  private final ncclComm communicator = new ncclComm();
  private final ReentrantLock lock = new ReentrantLock();
  private final GpuAddress address = new GpuAddress();
  private volatile boolean isAborted;

  /**
   * Connects, which takes until all replicas do so.
   *
   * @param enter makes the GPU the calling thread's
   * @param stream what is started runs on it
   * @param id as {@link #newId} of one replica has drawn it
   * @throws IllegalStateException if NCCL refuses
   */
  NcclLink(Runnable enter, CUstream_st stream, byte[] id, int rank, int size) {
    this.enter = enter;
    this.stream = stream;
    enter.run();
    try (ncclUniqueId unique = new ncclUniqueId()) {
      new BytePointer(unique).capacity(id.length).put(id);
      check(ncclCommInitRank(communicator, size, unique, rank), "ncclCommInitRank");
    }
  }

  /**
   * Draws what replicas that are to be connected know each other by.
   *
   * @throws IllegalStateException if NCCL refuses
   */
  static byte[] newId() {
    try (ncclUniqueId unique = new ncclUniqueId()) {
      check(ncclGetUniqueId(unique), "ncclGetUniqueId");
      byte[] id = new byte[NCCL_UNIQUE_ID_BYTES];
      new BytePointer(unique).capacity(id.length).get(id);
      return id;
    }
  }

  /**
   * The version that the JNI library finds, which is loaded by this.
   *
   * @throws LinkageError if it cannot be
   */
  static int version() {
    int[] version = new int[1];
    check(ncclGetVersion(version), "ncclGetVersion");
    return version[0];
  }

  @Override
  public void exchange(Routes routes) {
    enter.run();
    lock.lock();
    try {
      requireUsable();
      check(ncclGroupStart(), "ncclGroupStart");
      int status = 0;
      for (int rank = 0; rank < routes.size() && status == 0; rank++) {
        status = startOf(routes, rank);
      }
      // a group that was begun is ended, whatever is in it
      int end = ncclGroupEnd();
      check(status, "ncclSend or ncclRecv");
      check(end, "ncclGroupEnd");
    } finally {
      lock.unlock();
    }
  }

  private int startOf(Routes routes, int rank) {
    int status = 0;
    if (routes.sentBytes(rank) > 0) {
      address.to(routes.sentAddress(rank));
      status = ncclSend(address, routes.sentBytes(rank), ncclChar, rank, communicator, stream);
    }
    if (status == 0 && routes.receivedBytes(rank) > 0) {
      address.to(routes.receivedAddress(rank));
      status = ncclRecv(address, routes.receivedBytes(rank), ncclChar, rank, communicator, stream);
    }
    return status;
  }

  @Override
  public boolean isDone() {
    enter.run();
    int status = cuStreamQuery(stream);
    if (status != 0 && status != CUDA_ERROR_NOT_READY) {
      throw new IllegalStateException("waiting for the GPU: CUresult=" + status);
    }
    return status == 0;
  }

  /** Nothing where somebody is in a call: there is another look. */
  @Override
  public Optional<String> problem() {
    if (!lock.tryLock()) {
      return Optional.empty();
    }
    try {
      int[] status = new int[1];
      if (isAborted) {
        return Optional.empty();
      }
      check(ncclCommGetAsyncError(communicator, status), "ncclCommGetAsyncError");
      return status[0] == 0 ? Optional.empty() : Optional.of(text(status[0]));
    } finally {
      lock.unlock();
    }
  }

  private void requireUsable() {
    if (isAborted) {
      throw new IllegalStateException("the connection of the GPUs was aborted");
    }
  }

  @Override
  public void abort() {
    boolean isAlone = lockInTime();
    try {
      if (!isAborted) {
        isAborted = true;
        abortCommunicator();
      }
    } finally {
      if (isAlone) {
        lock.unlock();
      }
    }
  }

  /** Also where the GPU itself fails: others wait for this. */
  private void abortCommunicator() {
    try {
      enter.run();
    } finally {
      ncclCommAbort(communicator);
    }
  }

  private boolean lockInTime() {
    try {
      return lock.tryLock(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return lock.tryLock();
    }
  }

  /** Every operation is waited for, so there is nothing left that aborting would end. */
  @Override
  public void close() {
    abort();
  }

  private static void check(int status, String what) {
    if (status != 0) {
      throw new IllegalStateException("%s: %s".formatted(what, text(status)));
    }
  }

  private static String text(int status) {
    ncclComm any = null;
    return "NCCL status=%d %s: %s"
        .formatted(
            status, ncclGetErrorString(status).getString(), ncclGetLastError(any).getString());
  }
}
