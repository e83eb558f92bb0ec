package org.byol4j.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.byol4j.collective.Collective;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Strangers at the door of a running group: none gets in, and nobody inside takes harm. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class HostilePeersTest {
  private static final int SIZE = 3;
  private static final long SESSION = 7;
  private static final long MEBIBYTE = 1 << 20;

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

  private static void strangers(int count) throws Exception {
    long seed = System.nanoTime();
    System.out.println("strangers=" + count + " seed=" + seed);
    JobSecret secret = JobSecret.random();
    ExecutorService threads = Executors.newCachedThreadPool();
    AtomicBoolean isOver = new AtomicBoolean();
    try (TcpGroup group = TcpGroup.join(SIZE, TcpGroup.SETTINGS, secret, SESSION)) {
      List<Future<Long>> replicas = new ArrayList<>();
      for (Collective collective : group.collectives()) {
        replicas.add(threads.submit(() -> work(collective, isOver)));
      }
      knock(group, secret, 100, new Random(seed));
      Footprint before = Footprint.now();
      knock(group, secret, count, new Random(seed + 1));
      Footprint after = Footprint.now();
      isOver.set(true);
      for (Future<Long> replica : replicas) {
        assertThat(replica.get()).isPositive().isEqualTo(replicas.get(0).get());
      }
      assertThat(after.heapBytes - before.heapBytes).isLessThan(8 * MEBIBYTE);
      assertThat(after.directBytes - before.directBytes).isLessThan(MEBIBYTE);
      assertThat(after.files - before.files).isLessThan(20);
      assertThat(after.threads - before.threads).isLessThanOrEqualTo(0);
    } finally {
      isOver.set(true);
      threads.shutdownNow();
    }
  }

  /** Adds up ones until all have heard that it is over; returns how often. */
  private static long work(Collective collective, AtomicBoolean isOver) {
    long operations = 0;
    while (true) {
      double[] values = {1, collective.rank(), isOver.get() ? 1 : 0};
      collective.allReduceSum(values);
      assertThat(values[0]).isEqualTo(SIZE);
      assertThat(values[1]).isEqualTo(SIZE * (SIZE - 1) / 2.0);
      operations++;
      if (values[2] == SIZE) {
        return operations;
      }
    }
  }

  private static void knock(TcpGroup group, JobSecret secret, int count, Random random)
      throws IOException {
    for (int i = 0; i < count; i++) {
      int target = random.nextInt(SIZE - 1);
      Lane lane = Lane.ALL.get(random.nextInt(Lane.ALL.size()));
      int from = target + 1 + random.nextInt(SIZE - 1 - target);
      Hello hello = new Hello(lane, SESSION, SIZE, from, target);
      Stranger stranger =
          new Stranger(group.endpoints().get(target).address(), hello, secret, random);
      assertThat(stranger.knock()).as("attempt=%d", i).isFalse();
    }
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
