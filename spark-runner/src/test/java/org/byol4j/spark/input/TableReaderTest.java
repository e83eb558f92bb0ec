package org.byol4j.spark.input;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.byol4j.data.DataException;
import org.byol4j.data.ImageSource;
import org.byol4j.spark.storage.HadoopStorage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files of Parquet are no tables of images. */
class TableReaderTest {
  private static final MessageType SCHEMA =
      MessageTypeParser.parseMessageType(
          "message table { required binary bytes; required binary id (STRING); }");
  private static final String NAME = "table.parquet";

  @TempDir java.nio.file.Path folder;
  private FileSystem files;

  @BeforeEach
  void openFiles() throws IOException {
    files = FileSystem.getLocal(new Configuration()).getRawFileSystem();
  }

  @Test
  void tableThatIsCutShortIsToldAsWhatItIs() throws IOException {
    byte[] whole = table();
    for (int length : new int[] {0, 3, whole.length / 2, whole.length - 1}) {
      Files.write(folder.resolve(NAME), Arrays.copyOf(whole, length));

      expectRefused("damaged table: path=" + file());
    }
  }

  @Test
  void tableWithDamagedRowsIsToldAsWhatItIs() throws IOException {
    byte[] damaged = table();
    Arrays.fill(damaged, 4, 24, (byte) 0xff);
    Files.write(folder.resolve(NAME), damaged);

    expectRefused("path=" + file());
  }

  @Test
  void shardOfAFinishedIngestIsWhatTrainTakes() throws IOException {
    writeShard();
    Files.writeString(folder.resolve(Dataset.FILE_NAME), "{}");

    expectRefused("is a shard of images that were ingested already: train takes file:" + folder);
  }

  private void writeShard() throws IOException {
    ShardRow row = new ShardRow(0, "a.png", "", new byte[] {1, 2, 3});
    ShardFile.write(
        new HadoopStorage(files, new Path(folder.toUri())),
        NAME,
        "cafe",
        4,
        List.of(row).iterator());
  }

  @Test
  void shardOfAnUnfinishedIngestIsNoTable() throws IOException {
    writeShard();

    expectRefused("a shard of an unfinished ingest: start ingest again with the same command");
  }

  private void expectRefused(String message) {
    assertThatThrownBy(() -> TableReader.read(files, file(), new Unheard()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(message);
  }

  private static final class Unheard implements SourcePart.Visitor {
    @Override
    public void image(String path, String className, ImageSource.Encoded file) {}

    @Override
    public void bad(String path, String reason) {}

    @Override
    public void ignored(String kind) {}
  }

  private byte[] table() throws IOException {
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(file()).withType(SCHEMA).build()) {
      for (int i = 0; i < 100; i++) {
        Group row = new SimpleGroup(SCHEMA);
        row.add("bytes", Binary.fromConstantByteArray(new byte[100]));
        row.add("id", i + ".png");
        writer.write(row);
      }
    }
    byte[] bytes = Files.readAllBytes(folder.resolve(NAME));
    // Hadoop's checksums are of the whole table
    Files.deleteIfExists(folder.resolve("." + NAME + ".crc"));
    return bytes;
  }

  private Path file() {
    return new Path(folder.resolve(NAME).toUri());
  }
}
