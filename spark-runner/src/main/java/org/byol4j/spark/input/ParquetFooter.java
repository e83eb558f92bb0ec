package org.byol4j.spark.input;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;

/**
 * What a whole file of Parquet says of itself.
 *
 * @param lengthBytes the length of the file
 * @param texts what its writer wanted to be known, by key
 */
public record ParquetFooter(long lengthBytes, Map<String, String> texts) {

  /**
   * The footer of {@code file}; empty if there is no such file, or it is not whole.
   *
   * @throws IOException if it cannot be read
   */
  public static Optional<ParquetFooter> of(FileSystem files, Path file) throws IOException {
    if (!files.exists(file)) {
      return Optional.empty();
    }
    HadoopInputFile input = HadoopInputFile.fromPath(file, files.getConf());
    try (ParquetFileReader reader = ParquetFileReader.open(input)) {
      // files of others may have keys without a value
      Map<String, String> texts = new HashMap<>(reader.getFileMetaData().getKeyValueMetaData());
      texts.values().removeIf(Objects::isNull);
      return Optional.of(new ParquetFooter(input.getLength(), Map.copyOf(texts)));
    } catch (ChecksumException | RuntimeException e) {
      // Parquet's word for a file that is cut short is a RuntimeException
      return Optional.empty();
    }
  }
}
