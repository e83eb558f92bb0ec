package org.byol4j.train;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.byol4j.data.ImageStore;

/** Runs the replicas of a run as threads of this process. */
public final class ThreadLauncher implements ReplicaLauncher {
  private final Duration progressTimeout;
  private final StopSignal stop;
  private final RunObserver observer;

  /**
   * @param progressTimeout how long a replica waits for the others, while one of them evaluates or
   *     writes a checkpoint as well
   * @param stop asks the replicas to end early
   * @param observer hears of rank 0's steps
   */
  public ThreadLauncher(Duration progressTimeout, StopSignal stop, RunObserver observer) {
    this.progressTimeout = progressTimeout;
    this.stop = stop;
    this.observer = observer;
  }

  @Override
  public RunSummary launch(RunStart start) {
    ImageStore store = ImageStore.existing(Path.of(start.images().place()));
    List<Optional<RunSummary>> ends =
        LocalReplicas.run(
            start.settings().train().replicas(),
            progressTimeout,
            collective -> new ReplicaTask(start, store, collective, stop, observer, "").run());
    return ends.get(0).orElseThrow();
  }
}
