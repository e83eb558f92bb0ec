package org.byol4j.exchange;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.LocalStorage;
import org.byol4j.checkpoint.Upload;

/** Files of the format, right and wrong ones. */
final class SafetensorsBytes {
  private SafetensorsBytes() {}

  /** A file of this header and this many bytes of values. */
  static byte[] of(String header, int valueBytes) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return of(json.length, json, valueBytes);
  }

  /** A file that claims its header to be {@code claimed} bytes long. */
  static byte[] of(long claimed, byte[] header, int valueBytes) {
    return ByteBuffer.allocate(Long.BYTES + header.length + valueBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(claimed)
        .put(header)
        .array();
  }

  static void write(Path file, List<NamedTensor> tensors, Map<String, String> metadata) {
    try (Upload upload = new LocalStorage(file.getParent()).create(file.getFileName().toString())) {
      SafetensorsWriter.write(tensors, metadata, upload);
      upload.commit();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void write(Path file, byte[] bytes) {
    try {
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
