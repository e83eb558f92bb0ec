package org.byol4j.spark.storage;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.byol4j.checkpoint.Attempt;
import org.byol4j.checkpoint.LeaseSettings;
import org.byol4j.checkpoint.RunFolder;
import org.byol4j.checkpoint.RunLease;
import org.byol4j.checkpoint.RunStorage;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.StorageException;

/** A run in a folder of a Hadoop file system. */
record HadoopRunStorage(FileSystem system, Path run, LeaseSettings settings) implements RunStorage {
  private static final Duration SETTLING = Duration.ofSeconds(2);

  @Override
  public String location() {
    return run.toString();
  }

  @Override
  public Storage files() {
    return new HadoopStorage(system, run);
  }

  @Override
  public Storage checkpoints() {
    return new HadoopStorage(system, new Path(run, Places.CHECKPOINTS));
  }

  @Override
  public Optional<RunFolder> onDisk() {
    return Optional.empty();
  }

  @Override
  public Attempt.Fence fence() {
    LeaseFiles leases = new LeaseFiles(system, run);
    return number -> {
      try {
        int newest = leases.newest();
        if (newest > number) {
          throw Attempt.superseded(location(), number, newest);
        }
      } catch (IOException e) {
        throw new StorageException("%s cannot be listed: %s".formatted(location(), e), e);
      }
    };
  }

  @Override
  public RunLease lease() {
    return HadoopLease.take(system, run, settings, SETTLING);
  }
}
