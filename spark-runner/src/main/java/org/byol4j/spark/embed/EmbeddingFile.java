package org.byol4j.spark.embed;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.Upload;
import org.byol4j.data.DataException;
import org.byol4j.spark.input.ParquetFooter;
import org.byol4j.spark.input.ShardRow;
import org.byol4j.spark.input.UploadFile;

/**
 * A Parquet file of embeddings: a row an image, in the order of ids. Its footer says of which model
 * and images it is. What readers see is {@code id int, path string, label string, features
 * array<float>}.
 */
final class EmbeddingFile {
  static final MessageType SCHEMA =
      MessageTypeParser.parseMessageType(
          "message embedding { required int32 id; required binary path (STRING);"
              + " optional binary label (STRING); required group features (LIST) {"
              + " repeated group list { required float element; } } }");

  private static final String OWNER = "byol4j.embeddings";

  private EmbeddingFile() {}

  /** The name of a file. */
  static String nameOf(int number) {
    return "features-%05d.parquet".formatted(number);
  }

  /** Writes a file, which appears when it is whole. */
  static void write(
      Storage storage, String name, String owner, Iterator<FeatureBatches.Embedded<ShardRow>> rows)
      throws IOException {
    try (Upload upload = storage.create(name)) {
      try (ParquetWriter<FeatureBatches.Embedded<ShardRow>> writer =
          new Builder(new UploadFile(upload), owner)
              // features are noise to it
              .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
              .withDictionaryEncoding(false)
              .build()) {
        while (rows.hasNext()) {
          writer.write(rows.next());
        }
      }
      upload.commit();
    }
  }

  /**
   * Whether {@code file} is there and whole.
   *
   * @param owner what a whole file must be of
   * @throws DataException if it is a whole file of something else
   * @throws IOException if it cannot be read
   */
  static boolean isWritten(FileSystem files, Path file, String owner) throws IOException {
    Optional<String> found =
        ParquetFooter.of(files, file).map(footer -> footer.texts().getOrDefault(OWNER, "others"));
    if (found.isPresent() && !found.get().equals(owner)) {
      throw new DataException(
          "%s holds other embeddings: of=%s, expected of=%s or an empty folder"
              .formatted(file, found.get(), owner));
    }
    return found.isPresent();
  }

  /** Parquet wants a class of one's own for rows of one's own. */
  private static final class Builder
      extends ParquetWriter.Builder<FeatureBatches.Embedded<ShardRow>, Builder> {
    private final String owner;

    Builder(OutputFile file, String owner) {
      super(file);
      this.owner = owner;
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    protected WriteSupport<FeatureBatches.Embedded<ShardRow>> getWriteSupport(
        Configuration configuration) {
      return new Rows(owner);
    }
  }

  /** Tells Parquet the rows. */
  private static final class Rows extends WriteSupport<FeatureBatches.Embedded<ShardRow>> {
    private final String owner;
    private RecordConsumer to;

    Rows(String owner) {
      this.owner = owner;
    }

    @Override
    public String getName() {
      return "byol4j";
    }

    @Override
    public WriteContext init(Configuration configuration) {
      return new WriteContext(SCHEMA, Map.of(OWNER, owner));
    }

    @Override
    public void prepareForWrite(RecordConsumer consumer) {
      to = consumer;
    }

    @Override
    public void write(FeatureBatches.Embedded<ShardRow> row) {
      ShardRow image = row.item();
      if (!row.fault().isEmpty()) {
        throw new DataException(
            "an image that was good cannot be decoded: image=%s id=%d: %s"
                .formatted(image.path(), image.id(), row.fault()));
      }
      to.startMessage();
      to.startField("id", 0);
      to.addInteger(image.id());
      to.endField("id", 0);
      text("path", 1, image.path());
      if (!image.className().isEmpty()) {
        text("label", 2, image.className());
      }
      to.startField("features", 3);
      to.startGroup();
      to.startField("list", 0);
      for (float value : row.features()) {
        to.startGroup();
        to.startField("element", 0);
        to.addFloat(value);
        to.endField("element", 0);
        to.endGroup();
      }
      to.endField("list", 0);
      to.endGroup();
      to.endField("features", 3);
      to.endMessage();
    }

    private void text(String field, int index, String value) {
      to.startField(field, index);
      to.addBinary(Binary.fromConstantByteArray(value.getBytes(StandardCharsets.UTF_8)));
      to.endField(field, index);
    }
  }
}
