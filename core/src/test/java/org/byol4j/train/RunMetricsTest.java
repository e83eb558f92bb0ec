package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.byol4j.checkpoint.Attempt;
import org.byol4j.checkpoint.FaultyStorage;
import org.byol4j.checkpoint.RunFolder;
import org.byol4j.checkpoint.RunLease;
import org.byol4j.checkpoint.RunStorage;
import org.byol4j.checkpoint.Storage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunMetricsTest {
  @TempDir Path folder;

  @Test
  void sharedStorageThatRefusesOnceIsAskedAgain() {
    RunStorage disk = RunStorage.of(folder);
    // the first operation asks whether there are metrics, the second begins to write them
    Shared run = new Shared(disk, FaultyStorage.refusing(1, 1, disk.files()));

    try (RunMetrics metrics = RunMetrics.open(run, Attempt.FIRST, 0)) {
      metrics.flush();
    }

    assertThat(folder.resolve("metrics.jsonl")).exists();
  }

  /** A run that does not lie on a disk of this machine, as far as it says. */
  private record Shared(RunStorage run, Storage files) implements RunStorage {
    @Override
    public String location() {
      return run.location();
    }

    @Override
    public Storage checkpoints() {
      return run.checkpoints();
    }

    @Override
    public Optional<RunFolder> onDisk() {
      return Optional.empty();
    }

    @Override
    public Attempt.Fence fence() {
      return run.fence();
    }

    @Override
    public RunLease lease() {
      return run.lease();
    }
  }
}
