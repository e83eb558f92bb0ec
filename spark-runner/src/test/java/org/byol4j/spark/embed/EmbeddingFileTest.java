package org.byol4j.spark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
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

  private static Embeddings ofFiles(int files) {
    return new Embeddings(
        Embeddings.FORMAT, "c", 1, "m", "source", "f", "h", 10, Map.of(), 4, 8, files);
  }
}
