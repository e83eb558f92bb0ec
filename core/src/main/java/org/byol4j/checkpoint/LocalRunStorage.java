package org.byol4j.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;

/** A run in a folder on a disk. */
record LocalRunStorage(RunFolder folder) implements RunStorage {

  @Override
  public String location() {
    return folder.folder().toString();
  }

  @Override
  public Storage files() {
    return new LocalStorage(folder.folder());
  }

  @Override
  public Storage checkpoints() {
    return new LocalStorage(folder.checkpoints());
  }

  @Override
  public Optional<RunFolder> onDisk() {
    return Optional.of(folder);
  }

  @Override
  public Attempt.Fence fence() {
    return number -> {
      int newest = RunLock.attempts(folder);
      if (newest > number) {
        throw Attempt.superseded(location(), number, newest);
      }
    };
  }

  @Override
  public RunLease lease() {
    new OutputPath("--out", folder.folder()).expectFolder();
    try {
      Files.createDirectories(folder.checkpoints());
    } catch (IOException e) {
      throw new StorageException(
          "%s: the run's folder cannot be made: %s".formatted(location(), e), e);
    }
    return RunLock.take(folder);
  }
}
