package org.byol4j.train;

import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.byol4j.collective.Collective;
import org.byol4j.data.ImageStore;

/**
 * Replicas as threads of this process, whose collectives have a fault.
 *
 * @param fault puts a faulty collective before a replica's own
 */
record FaultyReplicas(UnaryOperator<Collective> fault) implements ReplicaLauncher {

  @Override
  public RunSummary launch(RunStart start) {
    ImageStore store = ImageStore.existing(Path.of(start.images().place()));
    return LocalReplicas.run(
            start.settings().train().replicas(),
            TinyRun.PATIENCE,
            collective ->
                new ReplicaTask(
                        start,
                        store,
                        fault.apply(collective),
                        new StopSignal(),
                        RunObserver.NONE,
                        "")
                    .run())
        .get(0)
        .orElseThrow();
  }

  /** Runs, and returns what it ends by. */
  RuntimeException failureOf(TinyRun run) {
    try {
      run.run(this, 0, new StopSignal(), RunObserver.NONE);
    } catch (RuntimeException e) {
      return e;
    }
    throw new AssertionError("the run did not fail");
  }
}
