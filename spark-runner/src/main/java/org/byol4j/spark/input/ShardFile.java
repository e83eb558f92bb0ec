package org.byol4j.spark.input;

import java.io.Closeable;
import java.io.IOException;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.Upload;
import org.byol4j.data.DataException;

/**
 * The Parquet file of a shard: one row an image, in the order of ids, the encoded bytes as they
 * were. Its footer has the hash of the data set that it belongs to, and its own.
 */
final class ShardFile {
  static final String ID = "id";
  static final String PATH = "path";
  static final String LABEL = "label";
  static final String BYTES = "bytes";

  /** A row's fields are in this order. */
  static final MessageType SCHEMA =
      Types.buildMessage()
          .required(PrimitiveTypeName.INT32)
          .named(ID)
          .required(PrimitiveTypeName.BINARY)
          .as(LogicalTypeAnnotation.stringType())
          .named(PATH)
          .optional(PrimitiveTypeName.BINARY)
          .as(LogicalTypeAnnotation.stringType())
          .named(LABEL)
          .required(PrimitiveTypeName.BINARY)
          .named(BYTES)
          .named("image");

  /** In the footer: the {@link org.byol4j.data.ManifestHash} of the file's rows. */
  static final String HASH = "byol4j.shard.sha256";

  /** In the footer: the hash of the data set that the file belongs to. */
  static final String DATASET_HASH = "byol4j.dataset.sha256";

  private static final String SHARDS = "byol4j.dataset.shards";
  private static final long ROW_GROUP_BYTES = 32L << 20;

  private ShardFile() {}

  /** What is done with each row. */
  @FunctionalInterface
  interface RowVisitor {
    void row(ShardRow row);
  }

  /** Writes a file, which appears when it is whole. */
  static void write(
      Storage storage, String name, String datasetHash, int shards, Iterator<ShardRow> rows)
      throws IOException {
    Map<String, String> footer =
        Map.of(DATASET_HASH, datasetHash, SHARDS, Integer.toString(shards));
    try (Upload upload = storage.create(name)) {
      try (ParquetWriter<ShardRow> writer =
          new Builder(new UploadFile(upload), footer)
              // encoded images do not get smaller
              .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
              .withDictionaryEncoding(false)
              .withRowGroupSize(ROW_GROUP_BYTES)
              // a row may be megabytes: the size of the group is looked at early
              .withMinRowCountForPageSizeCheck(1)
              .withMaxRowCountForPageSizeCheck(100)
              .build()) {
        while (rows.hasNext()) {
          writer.write(rows.next());
        }
      }
      upload.commit();
    }
  }

  /** Parquet wants a class of one's own for rows of one's own. */
  private static final class Builder extends ParquetWriter.Builder<ShardRow, Builder> {
    private final Map<String, String> footer;

    Builder(OutputFile file, Map<String, String> footer) {
      super(file);
      this.footer = footer;
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    protected WriteSupport<ShardRow> getWriteSupport(Configuration configuration) {
      return new RowWriteSupport(footer);
    }
  }

  /**
   * What the footer of {@code file} says; empty if the file is not whole, or of another data set.
   *
   * @throws IOException if it cannot be read
   */
  static Optional<Dataset.File> footer(FileSystem files, Path file, String datasetHash, int shards)
      throws IOException {
    return ParquetFooter.of(files, file)
        .filter(footer -> datasetHash.equals(footer.texts().get(DATASET_HASH)))
        .filter(footer -> Integer.toString(shards).equals(footer.texts().get(SHARDS)))
        .filter(footer -> footer.texts().containsKey(HASH))
        .map(footer -> new Dataset.File(footer.lengthBytes(), footer.texts().get(HASH)));
  }

  /**
   * Shows all rows of {@code file} to {@code visitor}.
   *
   * @throws IOException if it cannot be read
   * @throws DataException if it is not a whole file of Parquet
   */
  static void read(FileSystem files, Path file, RowVisitor visitor) throws IOException {
    try (Reader rows = open(files, file)) {
      for (Optional<ShardRow> row = rows.next(); row.isPresent(); row = rows.next()) {
        visitor.row(row.get());
      }
    }
  }

  /**
   * Opens {@code file} to read it row by row.
   *
   * @throws IOException if it cannot be read
   */
  static Reader open(FileSystem files, Path file) throws IOException {
    return new Reader(
        file,
        ParquetReader.builder(new GroupReadSupport(), file)
            .withConf(new Configuration(files.getConf()))
            .build());
  }

  /** The rows of a file, one after the other. */
  static final class Reader implements Closeable {
    private final Path file;
    private final ParquetReader<Group> rows;

    private Reader(Path file, ParquetReader<Group> rows) {
      this.file = file;
      this.rows = rows;
    }

    /**
     * The next row; empty if there is none.
     *
     * @throws IOException if it cannot be read
     * @throws DataException if the file is not a whole file of Parquet
     */
    Optional<ShardRow> next() throws IOException {
      Group row = group();
      if (row == null) {
        return Optional.empty();
      }
      boolean hasClass = row.getFieldRepetitionCount(LABEL) > 0;
      return Optional.of(
          new ShardRow(
              row.getInteger(ID, 0),
              row.getString(PATH, 0),
              hasClass ? row.getString(LABEL, 0) : "",
              row.getBinary(BYTES, 0).getBytes()));
    }

    private Group group() throws IOException {
      try {
        return rows.read();
      } catch (RuntimeException e) {
        throw new DataException("%s is not a shard's file: %s".formatted(file, e), e);
      }
    }

    @Override
    public void close() throws IOException {
      rows.close();
    }
  }
}
