package org.byol4j.spark.input;

import java.io.Serializable;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.byol4j.checkpoint.Storage;
import org.byol4j.spark.storage.HadoopStorage;
import org.byol4j.spark.storage.Places;

/**
 * A place on a file system of Hadoop, as tasks are told of it: file systems do not travel.
 *
 * @param uri where it is
 */
record Location(String uri) implements Serializable {

  /** What a user points at, a path of this machine or a URI. */
  static Location of(String place) {
    return new Location(Places.hadoopPath(place).toString());
  }

  Path path() {
    return new Path(uri);
  }

  /**
   * The file system of the place, where this runs.
   *
   * @throws org.byol4j.checkpoint.StorageException if there is none
   */
  FileSystem files() {
    return Places.fileSystem(path(), Places.configuration(Map.of()));
  }

  /** The place as a folder. */
  Storage storage() {
    return new HadoopStorage(files(), path());
  }

  @Override
  public String toString() {
    return uri;
  }
}
