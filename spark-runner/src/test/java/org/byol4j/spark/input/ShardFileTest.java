package org.byol4j.spark.input;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.byol4j.spark.storage.HadoopStorage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardFileTest {
  private static final String NAME = "shard.parquet";
  private static final String HASH = "cafe";
  private static final int MIB = 1 << 20;

  @TempDir java.nio.file.Path folder;
  private FileSystem files;
  private HadoopStorage storage;

  @BeforeEach
  void openStorage() throws IOException {
    files = FileSystem.getLocal(new Configuration());
    storage = new HadoopStorage(files, new Path(folder.toUri()));
  }

  @Test
  void rowGroupsAreFrom16To64MiB() throws IOException {
    for (int rowBytes : new int[] {10_000, 100_000, 3 * MIB}) {
      write(rows(100 * MIB / rowBytes, rowBytes));

      try (ParquetFileReader reader =
          ParquetFileReader.open(HadoopInputFile.fromPath(file(), files.getConf()))) {
        List<Long> sizes =
            reader.getRowGroups().stream().map(BlockMetaData::getTotalByteSize).toList();
        assertThat(sizes.subList(0, sizes.size() - 1))
            .as("all but the last, rowBytes=%d", rowBytes)
            .hasSizeBetween(1, 6)
            .allSatisfy(bytes -> assertThat(bytes).isBetween(16L * MIB, 64L * MIB));
      }
    }
  }

  @Test
  void rowsComeBackAsTheyWere() throws IOException {
    List<ShardRow> rows =
        List.of(
            new ShardRow(1, "a/ü.png", "a", new byte[] {1, 2}),
            new ShardRow(3, "b.png", "", new byte[] {}));
    write(rows);

    List<ShardRow> read = new ArrayList<>();
    try (ShardFile.Reader reader = ShardFile.open(files, file())) {
      for (Optional<ShardRow> row = reader.next(); row.isPresent(); row = reader.next()) {
        read.add(row.get());
      }
    }

    assertThat(read).usingRecursiveFieldByFieldElementComparator().isEqualTo(rows);
  }

  @Test
  void footerTellsWholeFilesOfADataSetFromAllOthers() throws IOException {
    write(rows(3, 1000));

    Dataset.File footer = ShardFile.footer(files, file(), HASH, 4).orElseThrow();
    assertThat(footer.lengthBytes()).isEqualTo(Files.size(folder.resolve(NAME)));
    assertThat(footer.sha256()).hasSize(64);
    assertThat(ShardFile.footer(files, file(), "other", 4)).isEmpty();
    assertThat(ShardFile.footer(files, file(), HASH, 5)).isEmpty();
    assertThat(ShardFile.footer(files, new Path(file(), "none"), HASH, 4)).isEmpty();
    Files.write(folder.resolve(NAME), new byte[] {1, 2, 3});
    assertThat(ShardFile.footer(files, file(), HASH, 4)).isEmpty();
  }

  @Test
  void equalRowsHaveEqualFiles() throws IOException {
    write(rows(5, 1000));
    byte[] first = Files.readAllBytes(folder.resolve(NAME));
    write(rows(5, 1000));

    assertThat(folder.resolve(NAME)).hasBinaryContent(first);
  }

  private void write(List<ShardRow> rows) throws IOException {
    ShardFile.write(storage, NAME, HASH, 4, rows.iterator());
  }

  private Path file() {
    return new Path(folder.resolve(NAME).toUri());
  }

  private static List<ShardRow> rows(int count, int bytes) {
    byte[] image = new byte[bytes];
    new Random(7).nextBytes(image);
    return IntStream.range(0, count)
        .mapToObj(i -> new ShardRow(i, i + ".png", "class", image))
        .toList();
  }
}
