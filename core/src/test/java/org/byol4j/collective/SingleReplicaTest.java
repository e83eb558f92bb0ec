package org.byol4j.collective;

import java.util.List;

final class SingleReplicaTest extends CollectiveContractTest {
  @Override
  protected List<Collective> newGroup() {
    return List.of(Collective.single());
  }
}
