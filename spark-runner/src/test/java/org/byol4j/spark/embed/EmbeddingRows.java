package org.byol4j.spark.embed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;

/** Reads what an embedding has written, as any reader of Parquet would. */
public final class EmbeddingRows {
  private EmbeddingRows() {}

  /** An embedding. */
  public record Row(int id, String path, String label, List<Float> features) {}

  /** All rows of a folder, file by file. */
  public static List<Row> of(Path folder) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (Path file : files(folder)) {
      try (ParquetReader<Group> reader =
          ParquetReader.builder(new GroupReadSupport(), new org.apache.hadoop.fs.Path(file.toUri()))
              .withConf(new Configuration())
              .build()) {
        for (Group row = reader.read(); row != null; row = reader.read()) {
          rows.add(row(row));
        }
      }
    }
    return rows;
  }

  /** The files of Parquet in a folder. */
  public static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".parquet")).sorted().toList();
    }
  }

  private static Row row(Group row) {
    Group list = row.getGroup("features", 0);
    List<Float> features = new ArrayList<>();
    for (int i = 0; i < list.getFieldRepetitionCount("list"); i++) {
      features.add(list.getGroup("list", i).getFloat("element", 0));
    }
    return new Row(
        row.getInteger("id", 0),
        row.getString("path", 0),
        row.getFieldRepetitionCount("label") > 0 ? row.getString("label", 0) : "",
        features);
  }
}
