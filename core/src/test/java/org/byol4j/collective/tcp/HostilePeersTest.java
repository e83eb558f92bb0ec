package org.byol4j.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Strangers at the door of a group: none gets in, and nobody inside takes harm. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class HostilePeersTest {
  private static final int SIZE = 3;
  private static final long SESSION = 7;
  private static final long MEBIBYTE = 1 << 20;

  /** As long as it takes ten thousand to knock. */
  private static final TcpSettings PATIENT = patient();

  @Test
  void strangersHarmNobody() throws Exception {
    strangers(400);
  }

  @Test
  @Tag("trial")
  void tenThousandStrangersHarmNobody() throws Exception {
    strangers(10_000);
  }

  @Test
  void replicasJoinWhileStrangersHoldTheDoor() throws Exception {
    JobSecret secret = JobSecret.random();
    List<TcpEndpoint> endpoints = new ArrayList<>();
    List<Socket> loris = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(SIZE);
    try {
      for (int rank = 0; rank < SIZE; rank++) {
        endpoints.add(TcpEndpoint.bind(InetAddress.getLoopbackAddress(), TcpGroup.SETTINGS));
      }
      List<InetSocketAddress> addresses = endpoints.stream().map(TcpEndpoint::address).toList();
      // each says little and stays, more of them than may stand at the door
      for (int i = 0; i < 300; i++) {
        Socket socket = new Socket(addresses.get(0).getAddress(), addresses.get(0).getPort());
        socket.getOutputStream().write(i);
        loris.add(socket);
      }
      List<Future<Collective>> joining = new ArrayList<>();
      for (int rank = 0; rank < SIZE; rank++) {
        int place = rank;
        joining.add(
            threads.submit(
                () ->
                    endpoints.get(place).join(secret, SESSION, place, addresses, Optional::empty)));
      }
      for (Future<Collective> future : joining) {
        assertThat(future.get().size()).isEqualTo(SIZE);
      }
    } finally {
      threads.shutdownNow();
      for (Socket socket : loris) {
        socket.close();
      }
      endpoints.forEach(TcpEndpoint::close);
    }
  }

  /** Strangers knock while one replica is still missing: no door is open for longer. */
  private static void strangers(int count) throws Exception {
    long seed = System.nanoTime();
    System.out.println("strangers=" + count + " seed=" + seed);
    JobSecret secret = JobSecret.random();
    ExecutorService threads = Executors.newCachedThreadPool();
    List<TcpEndpoint> endpoints = new ArrayList<>();
    try {
      for (int rank = 0; rank < SIZE; rank++) {
        endpoints.add(TcpEndpoint.bind(InetAddress.getLoopbackAddress(), PATIENT));
      }
      List<InetSocketAddress> addresses = endpoints.stream().map(TcpEndpoint::address).toList();
      List<Future<Double>> replicas = new ArrayList<>();
      for (int rank = 0; rank < SIZE - 1; rank++) {
        TcpEndpoint endpoint = endpoints.get(rank);
        int place = rank;
        replicas.add(threads.submit(() -> sum(endpoint, secret, place, addresses)));
      }
      knock(addresses, secret, 100, new Random(seed));
      Footprint before = Footprint.now();
      knock(addresses, secret, count, new Random(seed + 1));
      Footprint after = Footprint.now();
      assertThat(sum(endpoints.get(SIZE - 1), secret, SIZE - 1, addresses)).isEqualTo(SIZE);
      for (Future<Double> replica : replicas) {
        assertThat(replica.get()).isEqualTo(SIZE);
      }
      assertThat(after.heapBytes - before.heapBytes).isLessThan(8 * MEBIBYTE);
      assertThat(after.directBytes - before.directBytes).isLessThan(MEBIBYTE);
      assertThat(after.files - before.files).isLessThan(20);
      assertThat(after.threads - before.threads).isLessThanOrEqualTo(0);
    } finally {
      threads.shutdownNow();
      endpoints.forEach(TcpEndpoint::close);
    }
  }

  /** Joins, and adds up ones. */
  private static double sum(
      TcpEndpoint endpoint, JobSecret secret, int rank, List<InetSocketAddress> addresses) {
    Collective collective = endpoint.join(secret, SESSION, rank, addresses, Optional::empty);
    double[] values = {1};
    collective.allReduceSum(values);
    return values[0];
  }

  private static void knock(
      List<InetSocketAddress> addresses, JobSecret secret, int count, Random random)
      throws IOException {
    for (int i = 0; i < count; i++) {
      int target = random.nextInt(SIZE - 1);
      Lane lane = Lane.ALL.get(random.nextInt(Lane.ALL.size()));
      int from = target + 1 + random.nextInt(SIZE - 1 - target);
      Hello hello = new Hello(lane, SESSION, SIZE, from, target);
      Stranger stranger = new Stranger(addresses.get(target), hello, secret, random);
      assertThat(stranger.knock()).as("attempt=%d", i).isFalse();
    }
  }

  private static TcpSettings patient() {
    TcpSettings usual = TcpGroup.SETTINGS;
    return new TcpSettings(
        0,
        0,
        Duration.ofMinutes(4),
        usual.peerTimeout(),
        usual.progressTimeout(),
        usual.spin(),
        usual.chunkBytes(),
        Optional.empty());
  }

  /** What this process holds. */
  private record Footprint(long heapBytes, long directBytes, long files, int threads) {
    static Footprint now() {
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      long direct =
          ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
              .filter(pool -> pool.getName().equals("direct"))
              .mapToLong(BufferPoolMXBean::getMemoryUsed)
              .sum();
      UnixOperatingSystemMXBean system =
          (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
      return new Footprint(
          runtime.totalMemory() - runtime.freeMemory(),
          direct,
          system.getOpenFileDescriptorCount(),
          ManagementFactory.getThreadMXBean().getThreadCount());
    }
  }
}
