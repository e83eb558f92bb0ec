package org.byol4j.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder of the local file system.
 *
 * <p>An upload is a hidden file, {@code .NAME.partial}, which is flushed to the disk and then moved
 * into place; the folder's entry is flushed too.
 */
public final class LocalStorage implements Storage {
  private static final String HIDDEN = ".";

  private final Path root;

  /** Uses {@code root}, which need not exist before the first write. */
  public LocalStorage(Path root) {
    this.root = root;
  }

  @Override
  public List<String> list(String folder) throws IOException {
    Path directory = root.resolve(folder);
    if (!Files.exists(directory)) {
      return List.of();
    }
    if (!Files.isDirectory(directory)) {
      throw new NotDirectoryException(directory.toString());
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> !name.startsWith(HIDDEN))
          .sorted()
          .toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  @Override
  public boolean exists(String path) {
    return Files.isRegularFile(root.resolve(path));
  }

  @Override
  public long lengthBytes(String path) throws IOException {
    return Files.size(root.resolve(path));
  }

  @Override
  public InputStream read(String path) throws IOException {
    return Files.newInputStream(root.resolve(path));
  }

  @Override
  public Upload create(String path) throws IOException {
    Path target = root.resolve(path);
    createFolder(target.getParent());
    return new PartialFile(target);
  }

  @Override
  public void delete(String path) throws IOException {
    Path target = root.resolve(path);
    if (Files.deleteIfExists(target)) {
      flushFolder(target.getParent());
    }
  }

  @Override
  public void deleteFolder(String folder) throws IOException {
    Path directory = root.resolve(folder);
    if (!Files.exists(directory)) {
      return;
    }
    Files.walkFileTree(directory, new DeleteAll());
    flushFolder(directory.getParent());
  }

  @Override
  public String describe(String path) {
    return root.resolve(path).toString();
  }

  /** Creates a folder and those above it, and flushes each new entry. */
  private static void createFolder(Path folder) throws IOException {
    List<Path> missing = new ArrayList<>();
    for (Path p = folder.toAbsolutePath(); p != null && !Files.exists(p); p = p.getParent()) {
      missing.add(0, p);
    }
    Files.createDirectories(folder);
    for (Path created : missing) {
      flushFolder(created.getParent());
    }
  }

  private static void flushFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static final class PartialFile implements Upload {
    private final Path target;
    private final Path partial;
    private final FileChannel channel;

    PartialFile(Path target) throws IOException {
      this.target = target;
      this.partial = target.resolveSibling(HIDDEN + target.getFileName() + ".partial");
      this.channel =
          FileChannel.open(
              partial,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }

    @Override
    public void commit() throws IOException {
      channel.force(true);
      channel.close();
      Files.move(
          partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      flushFolder(target.getParent());
    }

    @Override
    public void close() throws IOException {
      channel.close();
      Files.deleteIfExists(partial);
    }
  }

  private static final class DeleteAll extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.delete(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, IOException failure)
        throws IOException {
      if (failure != null) {
        throw failure;
      }
      Files.delete(directory);
      return FileVisitResult.CONTINUE;
    }
  }
}
