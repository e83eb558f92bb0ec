package org.byol4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Needs 6 GB of disk and about a minute. */
@Tag("trial")
class StoreScaleTest {
  private static final int IMAGES = 5_000;
  private static final int COMMENTS = 8;
  private static final int COMMENT_BYTES = 0xffff;

  @TempDir Path temp;

  /** A small JPEG with comments that make it half a megabyte and say which one it is. */
  private static byte[] jpeg(byte[] plain, int number) {
    ByteBuffer bytes = ByteBuffer.allocate(plain.length + COMMENTS * (2 + COMMENT_BYTES));
    bytes.put(plain, 0, 2);
    for (int i = 0; i < COMMENTS; i++) {
      int start = bytes.position();
      bytes.putShort((short) 0xfffe).putShort((short) COMMENT_BYTES).putInt(number);
      bytes.position(start + 2 + COMMENT_BYTES);
    }
    return bytes.put(plain, 2, plain.length - 2).array();
  }

  @Test
  void aStoreBeyondTwoGibibytesGivesBackEveryImage() throws IOException {
    byte[] plain = TestImages.jpeg(1);
    Path tar = temp.resolve("large.tar");
    try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(tar));
        TarArchiveOutputStream out = new TarArchiveOutputStream(file)) {
      for (int number = 0; number < IMAGES; number++) {
        byte[] encoded = jpeg(plain, number);
        TarArchiveEntry entry = new TarArchiveEntry("a/%05d.jpg".formatted(number));
        entry.setSize(encoded.length);
        out.putArchiveEntry(entry);
        out.write(encoded);
        out.closeArchiveEntry();
      }
    }
    ImageStore store =
        ImageStore.open(
            ImageSource.at(tar), temp.resolve("store"), TestImages.SETTINGS, StoreProgress.NONE);
    assertThat(store.manifest().segmentBytes()).hasSize(3);
    ImageStore.Reader reader = store.reader();
    for (int id = 0; id < IMAGES; id++) {
      assertThat(reader.read(id)).isEqualTo(ByteBuffer.wrap(jpeg(plain, id)));
    }
  }
}
