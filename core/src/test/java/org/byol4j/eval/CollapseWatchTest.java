package org.byol4j.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.byol4j.eval.CollapseSettings.Policy;
import org.byol4j.eval.CollapseWatch.Action;
import org.byol4j.eval.CollapseWatch.Verdict;
import org.junit.jupiter.api.Test;

class CollapseWatchTest {
  /** Of projections that are 256 wide, a tenth of 1/16 is the smallest healthy std. */
  private static final int WIDTH = 256;

  @Test
  void healthyLooksLetTheRunGoOn() {
    CollapseWatch watch = watch(Policy.STOP, 1);

    assertThat(watch.look(0.0625, 30)).isEqualTo(new Verdict(Action.GO_ON, ""));
    assertThat(watch.look(0.00625, 2)).isEqualTo(new Verdict(Action.GO_ON, ""));
  }

  @Test
  void stdBelowTheSmallestHealthyOneIsBad() {
    Verdict verdict = watch(Policy.STOP, 1).look(0.0062, 30);

    assertThat(verdict.action()).isEqualTo(Action.STOP);
    assertThat(verdict.finding())
        .isEqualTo(
            "representation is collapsing: feature_std=0.006200 effective_rank=30.000 bad_looks=1,"
                + " expected feature_std >= 0.006250 and effective_rank >= 2.0");
  }

  @Test
  void rankBelowTheSmallestHealthyOneIsBad() {
    assertThat(watch(Policy.STOP, 1).look(0.06, 1.9).action()).isEqualTo(Action.STOP);
  }

  @Test
  void whatIsNotANumberIsBad() {
    assertThat(watch(Policy.STOP, 1).look(Double.NaN, 30).action()).isEqualTo(Action.STOP);
    assertThat(watch(Policy.STOP, 1).look(0.06, Double.NaN).action()).isEqualTo(Action.STOP);
  }

  @Test
  void collapseIsAsManyBadLooksInARowAsThePatienceSays() {
    CollapseWatch watch = watch(Policy.STOP, 3);

    assertThat(actions(watch, 2)).containsOnly(Action.GO_ON);
    watch.look(0.06, 30);
    assertThat(actions(watch, 3)).containsExactly(Action.GO_ON, Action.GO_ON, Action.STOP);
    assertThat(actions(watch, 2)).as("it does not recover").containsOnly(Action.STOP);
  }

  @Test
  void warningComesEachTimeThePatienceEnds() {
    assertThat(actions(watch(Policy.WARN, 2), 5))
        .containsExactly(Action.GO_ON, Action.WARN, Action.GO_ON, Action.WARN, Action.GO_ON);
  }

  @Test
  void watchThatIsOffSeesNothing() {
    CollapseWatch watch = watch(Policy.OFF, 1);

    assertThat(watch.look(0, 1)).isEqualTo(new Verdict(Action.GO_ON, ""));
    assertThat(LongStream.range(0, 200).filter(watch::isDue)).isEmpty();
  }

  @Test
  void looksComeAfterEveryFiftySteps() {
    CollapseWatch watch = watch(Policy.WARN, 1);

    assertThat(LongStream.range(0, 200).filter(watch::isDue)).containsExactly(49L, 99L, 149L, 199L);
  }

  @Test
  void resumedWatchGoesOnCounting() {
    CollapseWatch first = watch(Policy.STOP, 3);
    first.look(0, 1);
    first.look(0, 1);
    CollapseWatch resumed =
        new CollapseWatch(
            new CollapseSettings(Policy.STOP, 50, 0.1, 2, 3), WIDTH, first.badLooks());

    assertThat(resumed.look(0, 1).action()).isEqualTo(Action.STOP);
  }

  private static List<Action> actions(CollapseWatch watch, int badLooks) {
    return IntStream.range(0, badLooks).mapToObj(i -> watch.look(0, 1).action()).toList();
  }

  private static CollapseWatch watch(Policy policy, int patience) {
    return new CollapseWatch(new CollapseSettings(policy, 50, 0.1, 2, patience), WIDTH, 0);
  }
}
