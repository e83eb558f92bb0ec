package org.byol4j.spark.input;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tables in Parquet on this machine's disk. */
public final class Tables {
  private Tables() {}

  /**
   * Whether {@code path} is a table: a Parquet file, or a folder with such files right in it.
   *
   * @throws UncheckedIOException if the folder cannot be read
   */
  public static boolean isTable(Path path) {
    if (!Files.isDirectory(path)) {
      return SourceParts.isTable(path.toString());
    }
    try (DirectoryStream<Path> tables =
        Files.newDirectoryStream(path, file -> SourceParts.isTable(file.toString()))) {
      return tables.iterator().hasNext();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read folder: path=" + path, e);
    }
  }
}
