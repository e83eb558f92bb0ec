package org.byol4j.spark;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** The images of a folder, in other kinds of sources. */
final class SourceFiles {
  private static final int TAR_BLOCK = 512;
  private static final MessageType TABLE =
      MessageTypeParser.parseMessageType(
          "message table { required binary bytes; required binary id (STRING);"
              + " optional binary label (STRING); optional int64 more; }");

  private SourceFiles() {}

  private static List<Path> files(Path images) throws IOException {
    try (Stream<Path> walk = Files.walk(images)) {
      return walk.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /** An archive of the images, in {@code folder}. */
  static Path archive(Path folder, Path images) throws IOException {
    Path file = folder.resolve("images.tar");
    try (OutputStream tar = Files.newOutputStream(file)) {
      // of two entries with one path the later one counts
      add(tar, "bright/1.png", new byte[] {1});
      for (Path image : files(images)) {
        add(tar, "./" + images.relativize(image), Files.readAllBytes(image));
      }
      tar.write(new byte[2 * TAR_BLOCK]);
    }
    return file;
  }

  /** Adds an entry as POSIX 1988 has it: numbers in octal, the sum of the header with blanks. */
  private static void add(OutputStream tar, String name, byte[] bytes) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(TAR_BLOCK);
    put(header, 0, name);
    put(header, 100, "0000644");
    put(header, 124, "%011o".formatted(bytes.length));
    put(header, 136, "%011o".formatted(0));
    put(header, 148, "        ");
    put(header, 156, "0");
    put(header, 257, "ustar\00000");
    int sum = 0;
    for (byte value : header.array()) {
      sum += value & 0xff;
    }
    put(header, 148, "%06o\0".formatted(sum));
    tar.write(header.array());
    tar.write(bytes);
    tar.write(new byte[Math.floorMod(-bytes.length, TAR_BLOCK)]);
  }

  private static void put(ByteBuffer header, int offset, String text) {
    header.put(offset, text.getBytes(StandardCharsets.US_ASCII));
  }

  /** A table of the images in two files, in {@code folder}. */
  static Path table(Path folder, Path images) throws IOException {
    Path table = Files.createDirectories(folder.resolve("table"));
    List<Path> files = files(images);
    for (int part = 0; part < 2; part++) {
      Path file = table.resolve("part-%d.parquet".formatted(part));
      if (Files.exists(file)) {
        continue;
      }
      try (ParquetWriter<Group> writer =
          ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
              .withType(TABLE)
              .build()) {
        SimpleGroupFactory rows = new SimpleGroupFactory(TABLE);
        // neither files nor rows are in the order of ids
        for (int i = files.size() - 1 - part; i >= 0; i -= 2) {
          Path image = files.get(i);
          writer.write(
              rows.newGroup()
                  .append("bytes", Binary.fromConstantByteArray(Files.readAllBytes(image)))
                  .append("id", images.relativize(image).toString())
                  .append("label", image.getParent().getFileName().toString()));
        }
      }
    }
    return table;
  }
}
