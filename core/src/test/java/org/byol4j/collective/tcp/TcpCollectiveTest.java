package org.byol4j.collective.tcp;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveContractTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class TcpCollectiveTest {

  @Nested
  final class OfOne extends Contract {
    OfOne() {
      super(1);
    }
  }

  @Nested
  final class OfTwo extends Contract {
    OfTwo() {
      super(2);
    }
  }

  @Nested
  final class OfFive extends Contract {
    OfFive() {
      super(5);
    }
  }

  abstract static class Contract extends CollectiveContractTest {
    private final int size;
    private final List<TcpGroup> groups = new ArrayList<>();

    Contract(int size) {
      this.size = size;
    }

    @Override
    protected List<Collective> newGroup() {
      TcpGroup group = TcpGroup.join(size, TcpGroup.SETTINGS);
      groups.add(group);
      return group.collectives();
    }

    @AfterEach
    void closeGroups() {
      groups.forEach(TcpGroup::close);
    }
  }
}
