package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.byol4j.collective.ManyMagnitudes;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Vector;
import org.byol4j.collective.tcp.OpenGroups;
import org.byol4j.collective.tcp.TcpSettings;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.cuda.HostGpu.Order;
import org.byol4j.paramserver.HostVector;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** In which order chunks of a GPU's memory are copied and sent, over real connections. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ChunksOverlapTest {
  private static final int CHUNKS = 5;
  private static final int CHUNK_BYTES = 1 << 16;
  private static final int CHUNK = CHUNK_BYTES / Float.BYTES;

  @RegisterExtension private final OpenGroups groups = new OpenGroups();

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  private List<Collective> open(int size) {
    Duration patience = Duration.ofSeconds(30);
    return groups.of(
        size,
        new TcpSettings(
            0, 0, patience, patience, patience, Duration.ZERO, CHUNK_BYTES, Optional.empty()));
  }

  /** A chunk whose copy has begun, and how much of the chunk before it was not sent by then. */
  private record Begun(long chunk, int unsentBytes) {}

  /** A vector of a device that notes when copies of chunks begin. */
  private static final class Watched implements Vector {
    private final Vector vector;
    private final Map<Long, ByteBuffer> handedOut;
    private final List<Begun> begun;

    Watched(Vector vector) {
      this(vector, new HashMap<>(), new ArrayList<>());
    }

    private Watched(Vector vector, Map<Long, ByteBuffer> handedOut, List<Begun> begun) {
      this.vector = vector;
      this.handedOut = handedOut;
      this.begun = begun;
    }

    @Override
    public long length() {
      return vector.length();
    }

    @Override
    public int elementBytes() {
      return vector.elementBytes();
    }

    @Override
    public Vector reader(int number) {
      return new Watched(vector.reader(number), handedOut, begun);
    }

    @Override
    public void beginRead(long from, int count) {
      ByteBuffer before = handedOut.getOrDefault(from - CHUNK, ByteBuffer.allocate(0));
      begun.add(new Begun(from / CHUNK, before.remaining()));
      vector.beginRead(from, count);
    }

    @Override
    public ByteBuffer read(long from, int count) {
      ByteBuffer chunk = vector.read(from, count);
      handedOut.put(from, chunk);
      return chunk;
    }

    @Override
    public ByteBuffer write(long from, int count) {
      return vector.write(from, count);
    }

    @Override
    public void written(long from, int count) {
      vector.written(from, count);
    }
  }

  @ParameterizedTest
  @EnumSource(Order.class)
  void copyOfAChunkBeginsBeforeTheOneBeforeItIsSent(Order order) {
    long[] bounds = {0, (long) CHUNKS * CHUNK, 2L * CHUNKS * CHUNK};
    List<List<Begun>> all =
        Replicas.run(
            open(2),
            group -> {
              try (CudaDevice device = HostCuda.open("fp32", new HostGpu(order));
                  Tensor tensor = random(device, group.rank(), bounds[2])) {
                Watched vector = new Watched(new HostVector(device.host(tensor)));
                group.reduceScatterSum(vector, bounds);
                int ofGradients = vector.begun.size();
                group.allGather(vector, bounds);
                assertThat(vector.begun.size() - ofGradients).isEqualTo(CHUNKS);
                return List.copyOf(vector.begun);
              }
            });

    for (int rank = 0; rank < 2; rank++) {
      // what goes to the other, the own terms, and the own range to the other
      assertThat(all.get(rank)).hasSize(3 * CHUNKS);
      long first = CHUNKS * (1L - rank);
      for (Begun begun : sent(all.get(rank), first)) {
        assertThat(begun.unsentBytes())
            .as("rank=%d chunk=%d", rank, begun.chunk())
            .isEqualTo(begun.chunk() == first ? 0 : CHUNK_BYTES);
      }
    }
  }

  /** The chunks of a reduce-scatter that go to the owner of {@code first} and those behind it. */
  private static List<Begun> sent(List<Begun> all, long first) {
    return all.stream()
        .filter(begun -> begun.chunk() >= first && begun.chunk() < first + CHUNKS)
        .toList();
  }

  @ParameterizedTest
  @CsvSource({"2, FORWARDS", "2, BACKWARDS", "3, BACKWARDS", "4, FORWARDS"})
  void sumsAreTakenInRankOrderWhateverComesWhen(int size, Order order) {
    int length = 3 * CHUNKS * CHUNK + 5;
    long[] bounds = new long[size + 1];
    for (int rank = 1; rank <= size; rank++) {
      // uneven ranges that begin within chunks
      bounds[rank] = rank == size ? length : (long) length * rank / (size + 1) + rank;
    }
    List<float[]> all =
        Replicas.run(
            open(size),
            group -> {
              try (CudaDevice device = HostCuda.open("fp32", new HostGpu(order));
                  Tensor tensor = random(device, group.rank(), length)) {
                Vector vector = new HostVector(device.host(tensor));
                group.reduceScatterSum(vector, bounds);
                group.allGather(vector, bounds);
                float[] values = new float[length];
                device.read(tensor, FloatBuffer.wrap(values));
                return values;
              }
            });

    float[] expected = ManyMagnitudes.floats(0, length);
    for (int rank = 1; rank < size; rank++) {
      float[] term = ManyMagnitudes.floats(rank, length);
      for (int i = 0; i < length; i++) {
        expected[i] += term[i];
      }
    }
    for (float[] values : all) {
      assertThat(values).isEqualTo(expected);
    }
  }

  private static Tensor random(CudaDevice device, int seed, long length) {
    Tensor tensor = device.allocate(Shape.vector((int) length));
    device.write(FloatBuffer.wrap(ManyMagnitudes.floats(seed, (int) length)), tensor);
    return tensor;
  }
}
