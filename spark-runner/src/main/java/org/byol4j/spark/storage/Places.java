package org.byol4j.spark.storage;

import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.CheckpointException;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.checkpoint.LeaseSettings;
import org.byol4j.checkpoint.RunStorage;
import org.byol4j.checkpoint.StorageException;

/**
 * What a user points at: a path of this machine, or a URI. A {@code file:} URI stands for its path;
 * all others are Hadoop's.
 */
public final class Places {
  static final String CHECKPOINTS = "checkpoints";
  private static final Pattern WITH_SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:.*");
  private static final String FILE = "file:";

  private Places() {}

  /** Whether {@code place} is a URI of Hadoop, and not on this machine's disk. */
  public static boolean isShared(String place) {
    return WITH_SCHEME.matcher(place).matches() && !place.startsWith(FILE);
  }

  /** The path of a place on this machine's disk. */
  public static java.nio.file.Path onDisk(String place) {
    return place.startsWith(FILE)
        ? java.nio.file.Path.of(URI.create(place).getPath())
        : java.nio.file.Path.of(place);
  }

  /** The same place, as any process of this machine finds it. */
  public static String absolute(String place) {
    return isShared(place) ? place : onDisk(place).toAbsolutePath().toString();
  }

  /** The same place, as Hadoop finds it. */
  public static Path hadoopPath(String place) {
    return isShared(place)
        ? new Path(place)
        : new Path("file", null, onDisk(place).toAbsolutePath().toString());
  }

  /**
   * The run in {@code out}.
   *
   * @param spark properties of Spark, without {@code spark.}, of which those of {@code hadoop.} are
   *     Hadoop's
   * @throws StorageException if there is no such file system
   */
  public static RunStorage run(String out, LeaseSettings lease, Map<String, String> spark) {
    if (!isShared(out)) {
      return RunStorage.of(onDisk(out));
    }
    Path run = new Path(out);
    return new HadoopRunStorage(fileSystem(run, configuration(spark)), run, lease);
  }

  /**
   * Opens what a user points at: a checkpoint's folder, or a run's, whose newest complete
   * checkpoint is meant.
   *
   * @throws CheckpointException if there is no such thing, or it is damaged
   * @throws StorageException if it cannot be read at the moment
   */
  public static Checkpoint checkpoint(String runOrCheckpoint) {
    if (!isShared(runOrCheckpoint)) {
      return CheckpointReader.open(onDisk(runOrCheckpoint));
    }
    Path folder = new Path(runOrCheckpoint);
    FileSystem system = fileSystem(folder, configuration(Map.of()));
    try {
      Path checkpoints = new Path(folder, CHECKPOINTS);
      if (system.exists(checkpoints)) {
        return new CheckpointReader(new HadoopStorage(system, checkpoints)).readNewest();
      }
      if (folder.isRoot() || !system.exists(folder)) {
        throw new CheckpointException(
            "%s: no such folder, expected a run or a checkpoint".formatted(folder));
      }
      return new CheckpointReader(new HadoopStorage(system, folder.getParent()))
          .read(folder.getName());
    } catch (IOException e) {
      throw new StorageException("%s cannot be read: %s".formatted(folder, e), e);
    }
  }

  /**
   * The file system of {@code path}.
   *
   * @throws StorageException if there is none
   */
  public static FileSystem fileSystem(Path path, Configuration hadoop) {
    try {
      return path.getFileSystem(hadoop);
    } catch (IOException e) {
      throw new StorageException("%s: no such file system: %s".formatted(path, e), e);
    }
  }

  /** Hadoop's configuration, as Spark has it where it runs, or will have it. */
  public static Configuration configuration(Map<String, String> spark) {
    SparkConf conf = SparkEnv.get() == null ? new SparkConf() : SparkEnv.get().conf().clone();
    spark.forEach((name, value) -> conf.set("spark." + name, value));
    return SparkHadoopUtil.get().newConfiguration(conf);
  }
}
