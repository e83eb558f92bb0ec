package org.byol4j.collective.tcp;

import static org.byol4j.collective.CollectiveFailures.expectAllToFail;
import static org.byol4j.collective.CollectiveFailures.expectDifferentOperationsToFail;
import static org.byol4j.collective.CollectiveFailures.expectWrongBoundsToBeRefused;

import java.util.concurrent.TimeUnit;
import org.byol4j.collective.ArrayVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What replicas are told that do not call the same. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class TcpOutOfStepTest {
  @RegisterExtension final OpenGroups groups = new OpenGroups();

  @Test
  void differentLengthsFailAllReplicasWithBoth() {
    expectAllToFail(
        groups.of(2),
        collective -> {
          collective.allReduceSum(new double[collective.rank() == 1 ? 4 : 5]);
          return 0;
        },
        "replicas out of step: rank=0 allReduceSum length=5 elementBytes=8 sequence=1, "
            + "rank=1 allReduceSum length=4 elementBytes=8 sequence=1");
  }

  @Test
  void differentOperationsFailAllReplicasWithBoth() {
    expectDifferentOperationsToFail(
        groups.of(2),
        "rank=0 allReduceSum length=3 elementBytes=8 sequence=1, "
            + "rank=1 allGather length=3 elementBytes=8 sequence=1");
  }

  @Test
  void differentBoundsFailAllReplicas() {
    expectAllToFail(
        groups.of(3),
        collective -> {
          long[] bounds = {0, 1 + collective.rank() / 2, 3, 3};
          collective.allGather(ArrayVector.ofDoubles(1, 2, 3), bounds);
          return 0;
        },
        "replicas out of step");
  }

  @Test
  void wrongBoundsAreRefusedBeforeAnybodyWaits() {
    expectWrongBoundsToBeRefused(groups.of(2).get(0));
  }
}
