package org.byol4j.device.cuda;

import static org.bytedeco.cuda.global.cublas.cublasLtGetVersion;
import static org.bytedeco.cuda.global.cudart.CUDA_ERROR_OUT_OF_MEMORY;
import static org.bytedeco.cuda.global.cudart.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
import static org.bytedeco.cuda.global.cudart.CU_STREAM_NON_BLOCKING;
import static org.bytedeco.cuda.global.cudart.cuCtxSetCurrent;
import static org.bytedeco.cuda.global.cudart.cuDeviceGet;
import static org.bytedeco.cuda.global.cudart.cuDeviceGetName;
import static org.bytedeco.cuda.global.cudart.cuDeviceGetPCIBusId;
import static org.bytedeco.cuda.global.cudart.cuDriverGetVersion;
import static org.bytedeco.cuda.global.cudart.cuGetErrorString;
import static org.bytedeco.cuda.global.cudart.cuInit;
import static org.bytedeco.cuda.global.cudart.cuLaunchKernel;
import static org.bytedeco.cuda.global.cudart.cuMemAlloc;
import static org.bytedeco.cuda.global.cudart.cuMemAllocHost;
import static org.bytedeco.cuda.global.cudart.cuMemFree;
import static org.bytedeco.cuda.global.cudart.cuMemFreeHost;
import static org.bytedeco.cuda.global.cudart.cuMemGetInfo;
import static org.bytedeco.cuda.global.cudart.cuMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cuMemsetD8Async;
import static org.bytedeco.cuda.global.cudart.cuModuleGetFunction;
import static org.bytedeco.cuda.global.cudart.cuModuleLoadData;
import static org.bytedeco.cuda.global.cudart.cuModuleUnload;
import static org.bytedeco.cuda.global.cudart.cuStreamBeginCapture;
import static org.bytedeco.cuda.global.cudart.cuStreamCreate;
import static org.bytedeco.cuda.global.cudart.cuStreamDestroy;
import static org.bytedeco.cuda.global.cudart.cuStreamEndCapture;
import static org.bytedeco.cuda.global.cudart.cuStreamSynchronize;
import static org.bytedeco.cuda.global.cudnn.cudnnCreate;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroy;
import static org.bytedeco.cuda.global.cudnn.cudnnGetErrorString;
import static org.bytedeco.cuda.global.cudnn.cudnnGetVersion;
import static org.bytedeco.cuda.global.cudnn.cudnnSetStream;

import com.sun.jna.Native;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/** A GPU through the driver's API, cuDNN, cuBLASLt and NVRTC. */
final class NvidiaGpu implements Gpu, Recorder {

  private static final int NAME_BYTES = 256;

  private final int device;
  private final CUctx_st context;
  private final CUstream_st computing = new CUstream_st();
  private final cudnnContext cudnn = new cudnnContext();
  private final Nvrtc nvrtc;
  private final ConvolutionWays<ConvolutionPlan> convolutions;
  private final ConvolutionWays<MaskedPlan> maskedConvolutions;
  private final Map<String, CUmod_st> modules = new HashMap<>();
  private final List<NvidiaUpload> uploads = new ArrayList<>();
  private final NvidiaExchanges exchanges;
  private final RecordingGuard guard = new RecordingGuard();
  private final Releases made = new Releases();

  /**
   * @param gpu which one, from 0 on
   * @param capability its compute capability, such as 90
   * @param cache where compiled kernels and chosen plans are kept
   */
  NvidiaGpu(int gpu, int capability, CacheFolder cache) {
    check(cuInit(0), "cuInit");
    int[] handle = new int[1];
    check(cuDeviceGet(handle, gpu), "cuDeviceGet");
    device = handle[0];
    context = PrimaryContexts.of(device);
    made.add(() -> PrimaryContexts.giveBack(device));
    try {
      enter();
      requireSoundContext();
      check(cuStreamCreate(computing, CU_STREAM_NON_BLOCKING), "cuStreamCreate");
      made.add(() -> check(cuStreamDestroy(computing), "cuStreamDestroy"));
      requireSound(cuStreamSynchronize(computing));
      exchanges = new NvidiaExchanges(context, computing, guard);
      made.add(exchanges::close);
      checkCudnn(cudnnCreate(cudnn), "cudnnCreate");
      made.add(() -> checkCudnn(cudnnDestroy(cudnn), "cudnnDestroy"));
      PrimaryContexts.keep(device);
      checkCudnn(cudnnSetStream(cudnn, computing), "cudnnSetStream");
      nvrtc = new Nvrtc(cache, capability);
      made.add(this::unloadModules);
      PlanRecord record = new PlanRecord(cache, name(), cudnnGetVersion(), cublasLtGetVersion());
      convolutions =
          new ConvolutionWays<>(
              List.of(new CublasLtWays(computing), CudnnWays.alone(cudnn)),
              record,
              new ConvolutionTrials(this, System::nanoTime)::fastest);
      made.add(convolutions::close);
      maskedConvolutions =
          new ConvolutionWays<>(
              List.of(new SequenceWays(this), CudnnWays.masked(cudnn)),
              record,
              new MaskedTrials(this, System::nanoTime)::fastest);
      made.add(maskedConvolutions::close);
    } catch (RuntimeException | Error e) {
      made.runAfter(e);
      throw e;
    }
  }

  private void requireSoundContext() {
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      requireSound(cuMemGetInfo(free, total));
    }
  }

  /** After some errors, such as a wrong address, a context answers everything with that error. */
  private void requireSound(int status) {
    if (status != 0) {
      throw new IllegalStateException(
          ("the context that this process has on gpu=%d is broken by an earlier error (%s):"
                  + " the process, such as Spark's executor, must be started anew")
              .formatted(device, reason(status)));
    }
  }

  private String name() {
    byte[] text = new byte[NAME_BYTES];
    check(cuDeviceGetName(text, NAME_BYTES, device), "cuDeviceGetName");
    return Native.toString(text);
  }

  @Override
  public Map<String, String> facts() {
    enter();
    int[] driver = new int[1];
    check(cuDriverGetVersion(driver), "cuDriverGetVersion");
    return Map.of(
        "gpu", name(),
        "driver", Integer.toString(driver[0]),
        "cudnn", Long.toString(cudnnGetVersion()),
        "cublas", Long.toString(cublasLtGetVersion()),
        "nvrtc", Nvrtc.version());
  }

  @Override
  public long allocate(long bytes) {
    guard.requireNone("allocating memory of the GPU");
    enter();
    long[] address = new long[1];
    int status = cuMemAlloc(address, Math.max(1, bytes));
    if (status == CUDA_ERROR_OUT_OF_MEMORY) {
      throw new OutOfMemoryError(
          "cannot allocate GPU memory: bytes=%d freeBytes=%d totalBytes=%d"
              .formatted(bytes, room().free(), room().total()));
    }
    check(status, "cuMemAlloc");
    return address[0];
  }

  @Override
  public Room room() {
    enter();
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      check(cuMemGetInfo(free, total), "cuMemGetInfo");
      return new Room(free.get(), total.get());
    }
  }

  @Override
  public void free(long address) {
    await();
    finishCopies();
    check(cuMemFree(address), "cuMemFree");
  }

  @Override
  public BytePointer pinned(long bytes) {
    guard.requireNone("pinning memory of the host");
    enter();
    BytePointer memory = new BytePointer();
    int status = cuMemAllocHost(memory, bytes);
    if (status == CUDA_ERROR_OUT_OF_MEMORY) {
      throw new OutOfMemoryError("cannot pin memory of the host: bytes=" + bytes);
    }
    check(status, "cuMemAllocHost");
    memory.capacity(bytes);
    return memory;
  }

  @Override
  public void unpin(BytePointer memory) {
    guard.requireNone("unpinning memory of the host");
    await();
    finishCopies();
    check(cuMemFreeHost(memory), "cuMemFreeHost");
  }

  /** Returns when copies beside the computation are done, from and to whatever is freed then. */
  private void finishCopies() {
    uploads.forEach(NvidiaUpload::finish);
    exchanges.finish();
  }

  @Override
  public void zero(long address, long bytes) {
    enter();
    check(cuMemsetD8Async(address, (byte) 0, bytes, computing), "cuMemsetD8Async");
  }

  @Override
  public void copy(long from, long to, long bytes) {
    enter();
    check(cuMemcpyAsync(to, from, bytes, computing), "cuMemcpyAsync");
  }

  @Override
  public Exchange fetch() {
    return exchanges.fetch();
  }

  @Override
  public Exchange store() {
    return exchanges.store();
  }

  @Override
  public void await() {
    guard.requireNone("waiting for the GPU");
    enter();
    check(cuStreamSynchronize(computing), "computing on the GPU");
  }

  @Override
  public Upload upload() {
    enter();
    NvidiaUpload made = new NvidiaUpload(context, computing);
    uploads.add(made);
    return made;
  }

  @Override
  public Recording record(Runnable work) {
    enter();
    CUgraph_st graph = new CUgraph_st();
    guard.record(() -> capture(work, graph));
    try {
      return new NvidiaRecording(context, computing, graph);
    } catch (IllegalStateException e) {
      throw new RecordingRefusedException(e.getMessage(), e);
    }
  }

  /**
   * Makes {@code graph} of what {@code work} starts. Other threads go on with memory and copies of
   * theirs, since the capture is this thread's.
   */
  private void capture(Runnable work, CUgraph_st graph) {
    try {
      check(
          cuStreamBeginCapture(computing, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
          "cuStreamBeginCapture");
    } catch (IllegalStateException e) {
      throw new RecordingRefusedException(e.getMessage(), e);
    }
    boolean isDone = false;
    try {
      work.run();
      isDone = true;
    } catch (RecordingGuard.ViolationException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new RecordingRefusedException(e.getMessage(), e);
    } finally {
      if (!isDone) {
        // ends the capture, whose graph, if it makes any, is of no use
        cuStreamEndCapture(computing, graph);
        NvidiaRecording.destroy(graph);
      }
    }
    try {
      check(cuStreamEndCapture(computing, graph), "cuStreamEndCapture");
    } catch (IllegalStateException e) {
      throw new RecordingRefusedException(e.getMessage(), e);
    }
  }

  /**
   * The calling thread is to drive this GPU. Said each time: another device, or another library of
   * this process, may have made another context current since.
   */
  private void enter() {
    check(cuCtxSetCurrent(context), "cuCtxSetCurrent");
  }

  @Override
  public Kernel kernel(String file, Element element, String function) {
    enter();
    CUmod_st module = modules.computeIfAbsent(file + element, key -> load(file, element));
    CUfunc_st entry = new CUfunc_st();
    check(cuModuleGetFunction(entry, module, function), "kernel " + function);
    PointerPointer<Pointer> none = null;
    return (gridX, gridY, blockX, blockY, arguments) -> {
      enter();
      int status =
          cuLaunchKernel(
              entry, gridX, gridY, 1, blockX, blockY, 1, 0, computing, arguments.pointers(), none);
      check(status, function);
    };
  }

  private CUmod_st load(String file, Element element) {
    CUmod_st module = new CUmod_st();
    try (BytePointer code = new BytePointer(nvrtc.compiled(file, element))) {
      check(cuModuleLoadData(module, code), "kernels of " + file);
    }
    return module;
  }

  @Override
  public Place place() {
    enter();
    byte[] text = new byte[NAME_BYTES];
    check(cuDeviceGetPCIBusId(text, NAME_BYTES, device), "cuDeviceGetPCIBusId");
    return new Place(Hosts.thisOne(), Native.toString(text));
  }

  @Override
  public String linkVersion() {
    String version = CudaRuntime.requireNccl();
    // what is wrong with the JNI library shows here, and not after all have agreed on NCCL
    CudaLibrary.requireNccl(NcclLink.version());
    return version;
  }

  @Override
  public byte[] newLinkId() {
    enter();
    return NcclLink.newId();
  }

  @Override
  public GpuLink link(byte[] id, int rank, int size) {
    return new NcclLink(this::enter, computing, id, rank, size);
  }

  @Override
  public ConvolutionPlan plan(ConvolutionProblem problem, TrialGround ground) {
    enter();
    ConvolutionPlan plan = convolutions.plan(problem, ground);
    return plan.startedBy(
        (x, w, y, workspace) -> {
          enter();
          plan.run(x, w, y, workspace);
        });
  }

  @Override
  public MaskedPlan maskedPlan(ConvolutionProblem problem, TrialGround ground) {
    enter();
    MaskedPlan plan = maskedConvolutions.plan(problem, ground);
    return new MaskedPlan(
        plan.workspaceBytes(),
        (x, w, y, addend, mask, workspace) -> {
          enter();
          plan.run(x, w, y, addend, mask, workspace);
        });
  }

  @Override
  public Map<String, String> chosenWays() {
    Map<String, String> names = new HashMap<>(convolutions.names());
    // no key is in both: it has the direction
    names.putAll(maskedConvolutions.names());
    return names;
  }

  @Override
  public void preferWays(Map<String, String> names) {
    convolutions.prefer(names);
    maskedConvolutions.prefer(names);
  }

  private void unloadModules() {
    modules.values().forEach(module -> check(cuModuleUnload(module), "cuModuleUnload"));
  }

  @Override
  public void close() {
    enter();
    uploads.forEach(upload -> made.add(upload::close));
    made.add(this::await);
    made.run();
  }

  static void check(int status, String what) {
    if (status != 0) {
      throw new IllegalStateException("%s: %s".formatted(what, reason(status)));
    }
  }

  private static String reason(int status) {
    try (PointerPointer<BytePointer> text = new PointerPointer<>(1)) {
      return cuGetErrorString(status, text) == 0
          ? "CUresult=%d %s".formatted(status, text.get(BytePointer.class, 0).getString())
          : "CUresult=" + status;
    }
  }

  private static void checkCudnn(int status, String what) {
    if (status != 0) {
      throw new CudnnException(
          "%s: status=%d %s".formatted(what, status, cudnnGetErrorString(status).getString()));
    }
  }
}
