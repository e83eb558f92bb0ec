package org.byol4j.collective.tcp;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.byol4j.collective.Collective;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The groups that a test opens, closed after it. */
public final class OpenGroups implements AfterEachCallback {
  private final List<AutoCloseable> opened = new ArrayList<>();

  /** Replicas that have joined, in rank order. */
  public List<Collective> of(int size) {
    return of(size, TcpGroup.SETTINGS);
  }

  /** Replicas that have joined with settings of the test's own, in rank order. */
  public List<Collective> of(int size, TcpSettings settings) {
    TcpGroup group = TcpGroup.join(size, settings);
    opened.add(group);
    return group.collectives();
  }

  /**
   * Replicas that are connected through a network with faults.
   *
   * @param network takes that network
   * @param lateShare how much of the traffic is late
   */
  public List<Collective> of(
      int size,
      TcpSettings settings,
      AtomicReference<FaultyNetwork> network,
      Random random,
      double lateShare) {
    TcpGroup group =
        TcpGroup.join(
            size,
            settings,
            (rank, addresses) -> {
              if (rank == 0) {
                network.set(new FaultyNetwork(addresses, random.nextLong(), lateShare));
              }
              return network.get().addressesFor(rank);
            },
            Optional::empty);
    opened.add(group);
    opened.add(network.get());
    return group.collectives();
  }

  /** Closes a group of the test's own with the others. */
  void close(TcpGroup group) {
    opened.add(group);
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    for (AutoCloseable closeable : opened) {
      closeable.close();
    }
  }
}
