package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who is freed when, and in which order. */
class LifetimeTest {
  private final List<String> freed = new ArrayList<>();

  @Test
  void whatAPlanWasBuiltFromLivesAsLongAsThePlan() {
    Lifetime graph = of("graph");
    Lifetime configuration = of("configuration");
    configuration.buildOn(graph);
    Lifetime plan = of("plan");
    plan.buildOn(configuration);

    configuration.close();
    graph.close();
    assertThat(freed).isEmpty();
    assertThat(graph.isAlive()).isTrue();

    plan.close();
    assertThat(freed).containsExactly("plan", "configuration", "graph");
    assertThat(graph.isAlive()).isFalse();
  }

  @Test
  void foundationOfSeveralIsFreedAfterTheLast() {
    Lifetime graph = of("graph");
    Lifetime first = of("first");
    Lifetime second = of("second");
    first.buildOn(graph);
    second.buildOn(graph);
    graph.close();

    second.close();
    assertThat(freed).containsExactly("second");
    first.close();
    assertThat(freed).containsExactly("second", "first", "graph");
  }

  @Test
  void makerKeepsAFoundationWhoseBuildingsAreGone() {
    Lifetime graph = of("graph");
    Lifetime plan = of("plan");
    plan.buildOn(graph);

    plan.close();
    assertThat(freed).containsExactly("plan");
    graph.close();
    assertThat(freed).containsExactly("plan", "graph");
  }

  @Test
  void closingTwiceFreesOnce() {
    Lifetime graph = of("graph");
    Lifetime plan = of("plan");
    plan.buildOn(graph);

    graph.close();
    graph.close();
    assertThat(freed).isEmpty();
    plan.close();
    plan.close();
    assertThat(freed).containsExactly("plan", "graph");
  }

  @Test
  void nothingIsBuiltFromWhatIsFreed() {
    Lifetime graph = of("graph");
    graph.close();

    assertThatThrownBy(() -> of("plan").buildOn(graph))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("use of what is freed already");
  }

  private Lifetime of(String name) {
    return new Lifetime(() -> freed.add(name));
  }
}
