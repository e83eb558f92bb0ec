package org.byol4j.spark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.schema.MessageTypeParser;
import org.byol4j.data.DataException;
import org.byol4j.spark.storage.HadoopStorage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files an embedding takes for its own. */
class EmbeddingFileTest {
  private static final String NAME = EmbeddingFile.nameOf(0);

  @TempDir java.nio.file.Path folder;

  @Test
  void fileOfAnotherNumberOfFilesHoldsOtherImages() throws IOException {
    FileSystem files = FileSystem.getLocal(new Configuration());
    Path place = new Path(folder.toUri());
    Path file = new Path(place, NAME);
    assertThat(EmbeddingFile.isWritten(files, file, ofFiles(2).owner())).isFalse();

    EmbeddingFile.write(
        new HadoopStorage(files, place), NAME, ofFiles(2).owner(), Collections.emptyIterator());

    assertThat(EmbeddingFile.isWritten(files, file, ofFiles(2).owner())).isTrue();
    assertThatThrownBy(() -> EmbeddingFile.isWritten(files, file, ofFiles(3).owner()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("holds other embeddings: of=model m images h files 2")
        .hasMessageContaining("expected of=model m images h files 3");
  }

  @Test
  void fileOfOthersWithAKeyWithoutAValueIsNotTakenForACutOne() throws IOException {
    FileSystem files = FileSystem.getLocal(new Configuration());
    Path file = new Path(new Path(folder.toUri()), NAME);
    Map<String, String> texts = new HashMap<>();
    texts.put("empty", null);
    ExampleParquetWriter.builder(HadoopOutputFile.fromPath(file, new Configuration()))
        .withType(MessageTypeParser.parseMessageType("message other { required int32 a; }"))
        .withExtraMetaData(texts)
        .build()
        .close();

    assertThatThrownBy(() -> EmbeddingFile.isWritten(files, file, ofFiles(2).owner()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("holds other embeddings: of=others");
  }

  private static Embeddings ofFiles(int files) {
    return new Embeddings(
        Embeddings.FORMAT, "c", 1, "m", "source", "f", "h", 10, Map.of(), 4, 8, files);
  }
}
