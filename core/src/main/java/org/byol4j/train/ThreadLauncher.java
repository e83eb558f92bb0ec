package org.byol4j.train;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.byol4j.data.ImageStore;

/** Runs the replicas of a run as threads of this process. */
public final class ThreadLauncher implements ReplicaLauncher {
  private final StopSignal stop;
  private final RunObserver observer;

  /**
   * @param stop asks the replicas to end early
   * @param observer hears of rank 0's steps
   */
  public ThreadLauncher(StopSignal stop, RunObserver observer) {
    this.stop = stop;
    this.observer = observer;
  }

  @Override
  public RunSummary launch(RunStart start) {
    ImageStore store = ImageStore.existing(Path.of(start.images().place()));
    List<Optional<RunSummary>> ends =
        LocalReplicas.run(
            start.settings().train().replicas(),
            collective -> new ReplicaTask(start, store, collective, stop, observer).run());
    return ends.get(0).orElseThrow();
  }
}
