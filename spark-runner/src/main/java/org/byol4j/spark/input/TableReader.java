package org.byol4j.spark.input;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.FileMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.byol4j.data.DataException;
import org.byol4j.data.ImageSource;

/**
 * Reads a user's table: {@code bytes}, an encoded image; {@code id}, which stands for its path; and
 * {@code label}, its class, without which that is the folder of the id.
 */
final class TableReader {
  private static final String BYTES = "bytes";
  private static final String ID = "id";
  private static final String LABEL = "label";

  private TableReader() {}

  /**
   * Shows the rows of {@code file} to {@code visitor}.
   *
   * @throws DataException if it cannot be read, is no whole file of Parquet, lacks columns, or is a
   *     shard that an ingest has written
   */
  static void read(FileSystem files, Path file, SourcePart.Visitor visitor) {
    Configuration hadoop = new Configuration(files.getConf());
    try {
      MessageType schema = projection(file, hadoop);
      hadoop.set(ReadSupport.PARQUET_READ_SCHEMA, schema.toString());
      try (ParquetReader<Group> rows =
          ParquetReader.builder(new GroupReadSupport(), file).withConf(hadoop).build()) {
        for (Group row = next(rows, file); row != null; row = next(rows, file)) {
          show(row, file, visitor);
        }
      }
    } catch (IOException e) {
      throw new DataException("cannot read table: path=%s: %s".formatted(file, e), e);
    }
  }

  private static Group next(ParquetReader<Group> rows, Path file) throws IOException {
    try {
      return rows.read();
    } catch (RuntimeException e) {
      throw damaged(file, e);
    }
  }

  /** Parquet's word for a file that is cut short, or not its own, is a RuntimeException. */
  private static DataException damaged(Path file, RuntimeException reason) {
    return new DataException(
        "damaged table: path=%s: %s; expected a whole file of Parquet".formatted(file, reason),
        reason);
  }

  private static void show(Group row, Path file, SourcePart.Visitor visitor) {
    if (row.getFieldRepetitionCount(ID) == 0) {
      throw new DataException("a row without an id: path=%s".formatted(file));
    }
    String id = row.getValueToString(row.getType().getFieldIndex(ID), 0);
    if (row.getFieldRepetitionCount(BYTES) == 0) {
      visitor.bad(id, "empty");
      return;
    }
    byte[] bytes = row.getBinary(BYTES, 0).getBytes();
    visitor.image(id, className(row, id), () -> bytes);
  }

  private static String className(Group row, String id) {
    if (!row.getType().containsField(LABEL)) {
      return ImageSource.className(id);
    }
    return row.getFieldRepetitionCount(LABEL) == 0
        ? ""
        : row.getValueToString(row.getType().getFieldIndex(LABEL), 0);
  }

  private static FileMetaData footer(Path file, Configuration hadoop) throws IOException {
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(file, hadoop))) {
      return reader.getFileMetaData();
    } catch (RuntimeException e) {
      throw damaged(file, e);
    }
  }

  private static boolean hasManifestBeside(Path file, Configuration hadoop) throws IOException {
    return file.getFileSystem(hadoop).exists(new Path(file.getParent(), Dataset.FILE_NAME));
  }

  private static MessageType projection(Path file, Configuration hadoop) throws IOException {
    FileMetaData footer = footer(file, hadoop);
    if (footer.getKeyValueMetaData().containsKey(ShardFile.DATASET_HASH)) {
      throw new DataException(
          hasManifestBeside(file, hadoop)
              ? "path=%s is a shard of images that were ingested already: train takes %s"
                  .formatted(file, file.getParent())
              : ("path=%s is no table but a shard of ingested images; without %s beside it, a"
                      + " shard of an unfinished ingest: start ingest again with the same command")
                  .formatted(file, Dataset.FILE_NAME));
    }
    MessageType schema = footer.getSchema();
    List<Type> columns = new ArrayList<>();
    for (String name : List.of(BYTES, ID, LABEL)) {
      if (schema.containsField(name)) {
        columns.add(schema.getType(name));
      }
    }
    boolean hasBytes =
        schema.containsField(BYTES) && isOf(PrimitiveTypeName.BINARY, schema.getType(BYTES));
    boolean hasSimple =
        columns.stream()
            .allMatch(
                column -> column.isPrimitive() && !column.isRepetition(Type.Repetition.REPEATED));
    if (!hasBytes || !schema.containsField(ID) || !hasSimple) {
      throw new DataException(
          "path=%s has columns=%s; expected bytes (binary), id and, if there are classes, label"
              .formatted(file, schema.getFields()));
    }
    return new MessageType(schema.getName(), columns);
  }

  private static boolean isOf(PrimitiveTypeName type, Type column) {
    return column.isPrimitive() && column.asPrimitiveType().getPrimitiveTypeName() == type;
  }
}
