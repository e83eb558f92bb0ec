package org.byol4j.paramserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.ForwardingCollective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Replicas.Outcome;
import org.byol4j.collective.Vector;
import org.byol4j.collective.tcp.TcpGroup;
import org.byol4j.optim.OptimizerSettings;
import org.byol4j.optim.OptimizerSettings.Algorithm;
import org.byol4j.paramserver.SharingReplica.Exchanges;
import org.byol4j.paramserver.SharingReplica.State;
import org.byol4j.paramserver.dl4j.MessagedParts;
import org.byol4j.paramserver.sharing.GatheredParts;
import org.byol4j.paramserver.sharing.SharingSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients that are shared as messages of Deeplearning4j's parameter server. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class SharingOverMessagesTest {
  private static final int SIZE = 3;
  private static final int STEPS = 12;
  private static final OptimizerSettings LARS =
      new OptimizerSettings(Algorithm.LARS, 0.2, 256, 0, 0.9, 0.01, true, 0.05, false);

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void messagesGiveTheBitsOfPlainGathers(int staleness) {
    List<State> gathered =
        run(LocalCollective.group(SIZE, Duration.ofSeconds(30)), GatheredParts::new, staleness);
    try (TcpGroup group = TcpGroup.join(SIZE, TcpGroup.SETTINGS)) {
      List<State> messaged = run(group.collectives(), MessagedParts::new, staleness);
      for (int rank = 0; rank < SIZE; rank++) {
        assertThat(messaged.get(rank).bits()).isEqualTo(gathered.get(rank).bits());
        assertThat(messaged.get(rank).weights).containsExactly(gathered.get(0).weights);
      }
    }
  }

  private static List<State> run(List<Collective> group, Exchanges exchanges, int staleness) {
    return Replicas.run(
        group,
        collective -> {
          try (SharingReplica replica =
              new SharingReplica(collective, exchanges, LARS, sharing(staleness))) {
            replica.steps(0, STEPS, SharingReplica::rate);
            replica.server.settle();
            replica.server.compareReplicas(STEPS);
            return replica.state();
          }
        });
  }

  @Test
  void partsThatTravelForTwoStepsHoldUpNobodyWhoMayBeTwoStepsStale() {
    List<State> prompt =
        run(LocalCollective.group(SIZE, Duration.ofSeconds(30)), GatheredParts::new, 2);
    try (TcpGroup group = TcpGroup.join(SIZE, TcpGroup.SETTINGS)) {
      List<State> late =
          Replicas.run(group.collectives(), collective -> slowly(collective, 2, 30_000));
      for (int rank = 0; rank < SIZE; rank++) {
        assertThat(late.get(rank).bits()).isEqualTo(prompt.get(rank).bits());
      }
    }
  }

  @Test
  void partsThatTravelForTwoStepsAreMissedByWhoMayBeOneStepStale() {
    try (TcpGroup group = TcpGroup.join(SIZE, TcpGroup.SETTINGS)) {
      for (Outcome<State> outcome :
          Replicas.outcomes(group.collectives(), collective -> slowly(collective, 1, 200))) {
        assertThat(outcome.failure())
            .singleElement()
            .satisfies(
                failure ->
                    assertThat(failure)
                        .isInstanceOf(CollectiveException.class)
                        .hasMessageContaining("step=0"));
      }
    }
  }

  /** Trains over a network that brings parts only when two further steps have begun. */
  private static State slowly(Collective collective, int staleness, long patienceMs) {
    SlowBackground slow = new SlowBackground(collective, patienceMs);
    try (SharingReplica replica =
        new SharingReplica(slow, MessagedParts::new, LARS, sharing(staleness))) {
      for (int step = 0; step < STEPS; step++) {
        if (step >= 2) {
          slow.letPass(1);
        }
        replica.steps(step, step + 1, SharingReplica::rate);
      }
      slow.letPass(2);
      replica.server.settle();
      return replica.state();
    }
  }

  private static SharingSettings sharing(int staleness) {
    return new SharingSettings(1e-3, 1e-3, 0.03, 0.95, 5, 5, staleness);
  }

  /** A group whose background handle brings vectors only as they are let pass. */
  private static final class SlowBackground extends ForwardingCollective {
    private final Semaphore mayPass = new Semaphore(0);
    private final Collective background;

    SlowBackground(Collective group, long patienceMs) {
      super(group);
      this.background =
          new ForwardingCollective(group.background()) {
            @Override
            public void allGather(Vector values, long[] bounds) {
              awaitPass(patienceMs);
              super.allGather(values, bounds);
            }
          };
    }

    void letPass(int vectors) {
      mayPass.release(vectors);
    }

    private void awaitPass(long patienceMs) {
      try {
        if (!mayPass.tryAcquire(patienceMs, TimeUnit.MILLISECONDS)) {
          abort("a part was waited for while it travelled");
        }
      } catch (InterruptedException e) {
        throw new AssertionError("nobody interrupts", e);
      }
    }

    @Override
    public Collective background() {
      return background;
    }
  }
}
