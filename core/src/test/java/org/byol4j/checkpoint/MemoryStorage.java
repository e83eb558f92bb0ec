package org.byol4j.checkpoint;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;

/** What an object store is: a sorted map of paths, in which folders are nothing but prefixes. */
final class MemoryStorage implements Storage {
  private final SortedMap<String, byte[]> objects = new ConcurrentSkipListMap<>();

  MemoryStorage() {}

  MemoryStorage(MemoryStorage other) {
    objects.putAll(other.objects);
  }

  @Override
  public List<String> list(String folder) {
    String prefix = folder.isEmpty() ? "" : folder + "/";
    return objects.keySet().stream()
        .filter(path -> path.startsWith(prefix))
        .map(path -> path.substring(prefix.length()).replaceFirst("/.*", ""))
        .distinct()
        .toList();
  }

  @Override
  public boolean exists(String path) {
    return objects.containsKey(path);
  }

  @Override
  public long lengthBytes(String path) throws NoSuchFileException {
    return get(path).length;
  }

  @Override
  public InputStream read(String path) throws NoSuchFileException {
    return new ByteArrayInputStream(get(path));
  }

  @Override
  public Upload create(String path) {
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    return new Upload() {
      @Override
      public void write(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
          written.write(bytes.get());
        }
      }

      @Override
      public void commit() {
        objects.put(path, written.toByteArray());
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void delete(String path) {
    objects.remove(path);
  }

  @Override
  public void deleteFolder(String folder) {
    objects.keySet().removeIf(path -> path.startsWith(folder + "/"));
  }

  @Override
  public String describe(String path) {
    return "memory:" + path;
  }

  private byte[] get(String path) throws NoSuchFileException {
    if (!objects.containsKey(path)) {
      throw new NoSuchFileException(path);
    }
    return objects.get(path);
  }
}
