package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is said of replicas on their way to the first step. */
class ArrivalsTest {
  private final Arrivals arrivals = new Arrivals();

  @Test
  void replicasWithoutImagesToCopyAreToldByHowManyAreHere() {
    arrivals.note(0, new ReplicaEvent.Started("1", "host", ""));
    arrivals.note(1, new ReplicaEvent.Started("2", "host", ""));
    arrivals.note(0, new ReplicaEvent.Together());

    assertThat(arrivals.describe()).isEqualTo("running=2 connected=1");
  }

  @Test
  void replicasThatCopyAreToldByTheirImagesAndTheLastOfThem() {
    arrivals.note(0, new ReplicaEvent.Copies(6, 6));
    arrivals.note(1, new ReplicaEvent.Copies(3, 6));

    assertThat(arrivals.describe()).isEqualTo("images=9 of 12, last rank=1 with 3 of 6");
  }
}
