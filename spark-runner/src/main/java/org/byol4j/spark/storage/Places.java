package org.byol4j.spark.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.ParentNotDirectoryException;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.util.VersionInfo;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.CheckpointException;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.checkpoint.LeaseSettings;
import org.byol4j.checkpoint.OutputPath;
import org.byol4j.checkpoint.PlaceException;
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

  /** Where Hadoop's own file systems come from that are no part of Spark. */
  private static final Map<String, String> ARTIFACTS =
      Map.of("s3a", "hadoop-aws", "abfs", "hadoop-azure", "abfss", "hadoop-azure");

  private Places() {}

  /** Whether {@code place} is a URI of Hadoop, and not on this machine's disk. */
  public static boolean isShared(String place) {
    return WITH_SCHEME.matcher(place).matches() && !place.startsWith(FILE);
  }

  /**
   * The path of a place on this machine's disk.
   *
   * @throws PlaceException if it is a {@code file:} URI without one
   */
  public static java.nio.file.Path onDisk(String place) {
    if (!place.startsWith(FILE)) {
      return java.nio.file.Path.of(place);
    }
    try {
      String path = URI.create(place).getPath();
      if (path != null) {
        return java.nio.file.Path.of(path);
      }
    } catch (IllegalArgumentException e) {
      throw new PlaceException("%s: no URI: %s".formatted(place, e.getMessage()), e);
    }
    throw new PlaceException("%s: expected file:/ and a path from the root".formatted(place));
  }

  /** The same place, as any process of this machine finds it. */
  public static String absolute(String place) {
    return isShared(place) ? place : onDisk(place).toAbsolutePath().toString();
  }

  /**
   * The same place, as Hadoop finds it.
   *
   * @throws PlaceException if it is no URI
   */
  public static Path hadoopPath(String place) {
    return isShared(place)
        ? sharedPath(place)
        : new Path("file", null, onDisk(place).toAbsolutePath().toString());
  }

  private static Path sharedPath(String place) {
    try {
      return new Path(place);
    } catch (IllegalArgumentException e) {
      throw new PlaceException("%s: no URI: %s".formatted(place, e.getMessage()), e);
    }
  }

  /**
   * Sees to it that there is a file system for what an option says, before anything is done.
   *
   * @param named the option
   * @param spark properties of Spark, as for {@link #run}
   * @throws PlaceException if there never will be
   * @throws StorageException if it cannot be reached at the moment
   */
  public static void expectFileSystem(String named, String place, Map<String, String> spark) {
    if (isShared(place)) {
      open(named + "=" + place, sharedPath(place), configuration(spark));
    }
  }

  /**
   * Sees to it that what an option says is a folder, or that one can be made there.
   *
   * @param named the option
   * @param spark properties of Spark, as for {@link #run}
   * @throws PlaceException if it is a file, or there is no such file system
   * @throws StorageException if it cannot be reached at the moment
   */
  public static void expectFolder(String named, String place, Map<String, String> spark) {
    if (!isShared(place)) {
      new OutputPath(named, onDisk(place)).expectFolder();
      return;
    }
    Path path = sharedPath(place);
    try {
      FileSystem system = open(named + "=" + place, path, configuration(spark));
      if (!system.getFileStatus(path).isFile()) {
        return;
      }
    } catch (FileNotFoundException e) {
      return;
    } catch (ParentNotDirectoryException e) {
      throw new PlaceException("%s=%s: %s".formatted(named, place, e.getMessage()), e);
    } catch (IOException e) {
      throw new StorageException("%s=%s cannot be read: %s".formatted(named, place, e), e);
    }
    throw new PlaceException("%s=%s is a file, expected a folder".formatted(named, place));
  }

  /**
   * The run in {@code out}.
   *
   * @param spark properties of Spark, without {@code spark.}, of which those of {@code hadoop.} are
   *     Hadoop's
   * @throws PlaceException if there is no such file system
   * @throws StorageException if it cannot be reached at the moment
   */
  public static RunStorage run(String out, LeaseSettings lease, Map<String, String> spark) {
    if (!isShared(out)) {
      return RunStorage.of(onDisk(out));
    }
    Path run = sharedPath(out);
    return new HadoopRunStorage(fileSystem(run, configuration(spark)), run, lease);
  }

  /**
   * Opens what a user points at: a checkpoint's folder, or a run's, whose newest complete
   * checkpoint is meant.
   *
   * @throws CheckpointException if there is no such thing, or it is damaged
   * @throws PlaceException if there is no such file system
   * @throws StorageException if it cannot be read at the moment
   */
  public static Checkpoint checkpoint(String runOrCheckpoint) {
    if (!isShared(runOrCheckpoint)) {
      return CheckpointReader.open(onDisk(runOrCheckpoint));
    }
    Path folder = sharedPath(runOrCheckpoint);
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
   * @throws PlaceException if there never will be one
   * @throws StorageException if it cannot be reached at the moment
   */
  public static FileSystem fileSystem(Path path, Configuration hadoop) {
    return open(path.toString(), path, hadoop);
  }

  /**
   * @param named what messages begin with
   */
  private static FileSystem open(String named, Path path, Configuration hadoop) {
    try {
      return path.getFileSystem(hadoop);
    } catch (UnsupportedFileSystemException e) {
      throw new PlaceException(
          "%s: no file system has the scheme %s, expected a path, hdfs:, s3a: or another whose jars are here"
              .formatted(named, path.toUri().getScheme()),
          e);
    } catch (IOException e) {
      if (path.toUri().getAuthority() == null) {
        throw new PlaceException("%s: %s".formatted(named, e.getMessage()), e);
      }
      throw new StorageException("%s: no such file system: %s".formatted(named, e), e);
    } catch (RuntimeException e) {
      // Hadoop wraps what a URI and the class path are to blame for
      throw meaning(named, path, e);
    }
  }

  private static RuntimeException meaning(String named, Path path, RuntimeException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ClassNotFoundException || cause instanceof NoClassDefFoundError) {
        return new PlaceException(
            "%s: %s; expected spark-submit with %s, or these jars in spark-runner/target/spark/jars for bin/byol4j"
                .formatted(named, cause.getMessage(), packagesOf(path.toUri().getScheme())),
            failure);
      }
      if (cause instanceof UnknownHostException) {
        return new PlaceException(
            "%s: host=%s is not known, expected one that this machine finds, or a name service of Hadoop's configuration"
                .formatted(named, cause.getMessage()),
            failure);
      }
    }
    return failure instanceof IllegalArgumentException
        ? new PlaceException("%s: %s".formatted(named, failure.getMessage()), failure)
        : failure;
  }

  private static String packagesOf(String scheme) {
    return ARTIFACTS.containsKey(scheme)
        ? "--packages org.apache.hadoop:%s:%s"
            .formatted(ARTIFACTS.get(scheme), VersionInfo.getVersion())
        : "the jars of that file system";
  }

  /** Hadoop's configuration, as Spark has it where it runs, or will have it. */
  public static Configuration configuration(Map<String, String> spark) {
    SparkConf conf = SparkEnv.get() == null ? new SparkConf() : SparkEnv.get().conf().clone();
    spark.forEach((name, value) -> conf.set("spark." + name, value));
    return SparkHadoopUtil.get().newConfiguration(conf);
  }
}
