package org.byol4j.device.cuda;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import org.bytedeco.javacpp.BytePointer;

/**
 * A GPU made of one thread of the host. It runs the very sources of our kernels and computes
 * convolutions from their definition. Like a real one it does nothing before somebody waits, hands
 * out memory full of rubbish, and promises no order of threads and blocks. Its methods exclude one
 * another, since exchanges come from other threads.
 */
final class HostGpu implements Gpu, Recorder {
  private static final long ALIGNMENT = 256;
  static final byte RUBBISH = (byte) 0xa5;
  private static final int SLOTS = 20;

  /** The name of its way to compute masked gradients of images at once. */
  static final String FUSED = "fused";

  private static final Function COPY = NativeLibrary.getInstance("c").getFunction("memmove");

  /** In which order blocks and threads run. */
  enum Order {
    FORWARDS(0),
    BACKWARDS(1);

    private final int code;

    Order(int code) {
      this.code = code;
    }
  }

  /** The kernels' blocks share memory of the process: one runs at a time. */
  private static final Object RUNNING = new Object();

  private final Order order;
  private final Place place;
  private final Map<Long, BytePointer> blocks = new HashMap<>();
  private final Queue<Runnable> started = new ArrayDeque<>();
  private final long limitBytes;
  private final Map<String, String> preferredWays = new HashMap<>();
  private final Map<String, String> chosenWays = new HashMap<>();
  private final List<ConvolutionWays.Way<MaskedPlan>> sequences = new ArrayList<>();
  private final RecordingGuard guard = new RecordingGuard();

  /** Where things go that are started. */
  private Queue<Runnable> starting = started;

  private Optional<String> refusal = Optional.empty();
  private long allocations;
  private long exchangedBytes;
  private long stalls;
  private long heldBytes;
  private long trialBytes;
  private String connecting = "";
  private String name = "host";
  private Set<String> knownWays = Set.of("way");
  private Runnable whenItConnects = () -> {};
  private boolean fuses;
  private long waits;
  private long starts;

  HostGpu(Order order) {
    this(order, Long.MAX_VALUE);
  }

  /**
   * @param limitBytes how much memory it has
   */
  HostGpu(Order order, long limitBytes) {
    this(order, limitBytes, new Place("this host", "0000:00:00.0"));
  }

  /** One that says that it sits in {@code place}. */
  HostGpu(Order order, Place place) {
    this(order, Long.MAX_VALUE, place);
  }

  private HostGpu(Order order, long limitBytes, Place place) {
    this.order = order;
    this.limitBytes = limitBytes;
    this.place = place;
  }

  /** Has it run something before it connects to others; returns itself. */
  HostGpu thatRunsWhenItConnects(Runnable what) {
    whenItConnects = what;
    return this;
  }

  /**
   * Has it be of a kind, and know ways to compute convolutions, of which it likes the first best;
   * returns itself. They compute the same.
   */
  HostGpu thatKnows(String kind, String... ways) {
    name = kind;
    knownWays = new LinkedHashSet<>(List.of(ways));
    return this;
  }

  /**
   * Has it compute masked gradients of images at once, but where it is to prefer the sequence;
   * returns itself.
   */
  HostGpu thatFuses() {
    fuses = true;
    return this;
  }

  /** Has it fail to connect to others; returns itself. */
  HostGpu thatCannotConnect(String reason) {
    connecting = reason;
    return this;
  }

  /** How many bytes went between memory and pinned memory beside what is computed. */
  synchronized long exchangedBytes() {
    return exchangedBytes;
  }

  /** Has the trials of gradients of filters work on so much memory besides from now on. */
  void haveTrialsWorkOn(long bytes) {
    trialBytes = bytes;
  }

  /** Records nothing from now on, for that reason. */
  void refuseToRecord(String reason) {
    refusal = Optional.of(reason);
  }

  /** How often somebody waited for what computes. */
  long waits() {
    return waits;
  }

  /** How much was started: kernels, convolutions, copies, fillings, and recordings as one each. */
  long starts() {
    return starts;
  }

  /** How often memory was allocated. */
  long allocations() {
    return allocations;
  }

  /** How many blocks of memory were not freed. */
  int held() {
    return blocks.size();
  }

  @Override
  public Map<String, String> facts() {
    return Map.of("gpu", name, "cudnn", "0", "cublas", "0");
  }

  @Override
  public synchronized long allocate(long bytes) {
    guard.requireNone("allocating memory of the GPU");
    allocations++;
    if (bytes > room().free()) {
      throw new OutOfMemoryError("no GPU memory on purpose: bytes=" + bytes);
    }
    BytePointer block = new BytePointer(bytes + ALIGNMENT);
    BytePointer.memset(block, RUBBISH, bytes + ALIGNMENT);
    long address = (block.address() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    blocks.put(address, block);
    heldBytes += block.capacity();
    return address;
  }

  @Override
  public synchronized Room room() {
    return new Room(limitBytes - heldBytes, limitBytes);
  }

  @Override
  public synchronized void free(long address) {
    finish();
    BytePointer block = blocks.remove(address);
    heldBytes -= block.capacity();
    block.close();
  }

  @Override
  public synchronized BytePointer pinned(long bytes) {
    guard.requireNone("pinning memory of the host");
    BytePointer memory = new BytePointer(bytes);
    blocks.put(memory.address(), memory);
    return memory;
  }

  @Override
  public synchronized void unpin(BytePointer memory) {
    blocks.remove(memory.address()).close();
  }

  @Override
  public synchronized void zero(long address, long bytes) {
    start(() -> new Pointer(address).setMemory(0, bytes, (byte) 0));
  }

  @Override
  public synchronized void copy(long from, long to, long bytes) {
    start(() -> move(from, to, bytes));
  }

  /** Starts what runs when somebody waits. */
  synchronized void start(Runnable work) {
    if (starting == started) {
      starts++;
    }
    starting.add(work);
  }

  @Override
  public synchronized Recording record(Runnable work) {
    if (refusal.isPresent()) {
      throw new RecordingRefusedException(refusal.get(), new IllegalStateException());
    }
    Queue<Runnable> taken = new ArrayDeque<>();
    starting = taken;
    try {
      guard.record(work);
    } finally {
      starting = started;
    }
    return new Recording() {
      @Override
      public void start() {
        synchronized (HostGpu.this) {
          starts++;
          started.addAll(taken);
        }
      }

      @Override
      public void close() {
        taken.clear();
      }
    };
  }

  /** Copies at once. */
  static void move(long from, long to, long bytes) {
    COPY.invokePointer(new Object[] {new Pointer(to), new Pointer(from), bytes});
  }

  @Override
  public Exchange fetch() {
    return new HostExchange(this, false, order == Order.FORWARDS);
  }

  @Override
  public Exchange store() {
    return new HostExchange(this, true, order == Order.FORWARDS);
  }

  /** Counts a copy between it and the host, which may come now. */
  synchronized void countExchange(long bytes) {
    guard.requireNone("exchanging with the host");
    exchangedBytes += bytes;
  }

  /** Counts somebody who had to wait for a copy between it and the host. */
  synchronized void countStall() {
    stalls++;
  }

  /** How often somebody had to wait for a copy between it and the host. */
  synchronized long stalls() {
    return stalls;
  }

  /** Has something done before whatever is started from now on. */
  synchronized void doNext(Runnable work) {
    started.add(work);
  }

  @Override
  public synchronized void await() {
    guard.requireNone("waiting for the GPU");
    waits++;
    finish();
  }

  /** Does everything that was started, as a GPU does though nobody waits for it. */
  synchronized void settle() {
    finish();
  }

  private void finish() {
    while (!started.isEmpty()) {
      started.remove().run();
    }
  }

  @Override
  public Upload upload() {
    return new HostUpload(this, order == Order.FORWARDS);
  }

  @Override
  public Kernel kernel(String file, Element element, String function) {
    Function launcher = HostKernels.of(element).getFunction("launch_" + function);
    return (gridX, gridY, blockX, blockY, arguments) -> {
      com.sun.jna.Memory taken = snapshot(arguments);
      start(
          () -> {
            Object[] call = {taken, order.code, gridX, gridY, blockX, blockY};
            synchronized (RUNNING) {
              if (launcher.invokeInt(call) != 0) {
                throw new AssertionError(
                    "kernel=%s has a barrier that not all threads reach".formatted(function));
              }
            }
          });
    };
  }

  /** Pointers to copies of the arguments, behind which the copies lie. */
  private static com.sun.jna.Memory snapshot(Arguments arguments) {
    long values = arguments.pointers().get(0).address();
    com.sun.jna.Memory taken = new com.sun.jna.Memory(2L * SLOTS * Long.BYTES);
    for (int i = 0; i < SLOTS; i++) {
      taken.setPointer((long) i * Long.BYTES, taken.share((SLOTS + i) * (long) Long.BYTES));
    }
    byte[] bytes = new Pointer(values).getByteArray(0, SLOTS * Long.BYTES);
    taken.write((long) SLOTS * Long.BYTES, bytes, 0, bytes.length);
    return taken;
  }

  @Override
  public ConvolutionPlan plan(ConvolutionProblem problem, TrialGround ground) {
    choose(problem, knownWays);
    tryOn(problem, ground);
    return HostConvolutions.plan(this, problem);
  }

  @Override
  public MaskedPlan maskedPlan(ConvolutionProblem problem, TrialGround ground) {
    List<String> ways =
        fuses ? List.of(FUSED, SequenceWays.NAME) : List.of(SequenceWays.NAME, FUSED);
    if (choose(problem, ways).equals(FUSED)) {
      tryOn(problem, ground);
      return HostConvolutions.maskedPlan(this, problem);
    }
    ConvolutionWays.Way<MaskedPlan> sequence = new SequenceWays(this).ways(problem, 1).get(0);
    sequences.add(sequence);
    return sequence.plan(ground);
  }

  /** The way that is preferred if it is one of these, else the first, which is noted. */
  private String choose(ConvolutionProblem problem, Collection<String> ways) {
    String best = ways.iterator().next();
    String preferred = preferredWays.getOrDefault(problem.key(), best);
    String way = ways.contains(preferred) ? preferred : best;
    chosenWays.put(problem.key(), way);
    return way;
  }

  /** Leaves what trials of ways may leave: rubbish in what is made. */
  private synchronized void tryOn(ConvolutionProblem problem, TrialGround ground) {
    int element = problem.arithmetic().element().bytes();
    switch (problem.direction()) {
      case FORWARD -> spoil(ground.y(), problem.results() * element);
      case DATA, MASKED_DATA -> spoil(ground.x(), problem.images() * element);
      case WEIGHTS -> {
        long bytes = problem.filters() * Float.BYTES;
        ground.lender().lend(bytes, w -> ground.lender().lend(trialBytes, more -> spoil(w, bytes)));
      }
    }
  }

  private boolean spoil(long address, long bytes) {
    finish();
    new Pointer(address).setMemory(0, bytes, RUBBISH);
    return true;
  }

  @Override
  public Map<String, String> chosenWays() {
    return chosenWays;
  }

  @Override
  public void preferWays(Map<String, String> names) {
    preferredWays.putAll(names);
  }

  @Override
  public Place place() {
    return place;
  }

  @Override
  public String linkVersion() {
    return "2.28.9";
  }

  @Override
  public byte[] newLinkId() {
    byte[] id = new byte[128];
    new Random().nextBytes(id);
    return id;
  }

  @Override
  public GpuLink link(byte[] id, int rank, int size) {
    whenItConnects.run();
    if (!connecting.isEmpty()) {
      throw new IllegalStateException(connecting);
    }
    return HostLink.connect(this, id, rank, size);
  }

  @Override
  public synchronized void close() {
    finish();
    sequences.forEach(ConvolutionWays.Way::close);
    sequences.clear();
  }
}
