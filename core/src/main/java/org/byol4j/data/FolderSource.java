package org.byol4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/** A folder tree, walked in the bytewise order of relative paths. */
final class FolderSource implements ImageSource {
  private static final char NOT_DECODED = '\uFFFD';

  private final Path root;
  private final long count;
  private final String fingerprint;

  private FolderSource(Path root, long count, String fingerprint) {
    this.root = root;
    this.count = count;
    this.fingerprint = fingerprint;
  }

  /** What a walk comes across. */
  private interface FileVisitor {
    void image(String path, Path file, BasicFileAttributes attributes);

    void ignored(String path, String kind);
  }

  /** A folder's child; {@code sortKey} makes the order of a walk that of whole paths. */
  private record Child(String name, Path file, BasicFileAttributes attributes, String sortKey) {}

  /** Walks the tree once to count it and to take its fingerprint. */
  static FolderSource scan(Path root) {
    Fingerprint fingerprint = new Fingerprint().add(realPath(root));
    long[] count = new long[1];
    walk(
        root,
        new FileVisitor() {
          @Override
          public void image(String path, Path file, BasicFileAttributes attributes) {
            fingerprint
                .add(path)
                .add(attributes.size())
                .add(attributes.lastModifiedTime().toString());
            count[0]++;
          }

          @Override
          public void ignored(String path, String kind) {}
        });
    return new FolderSource(root, count[0], fingerprint.hex());
  }

  @Override
  public Path path() {
    return root;
  }

  @Override
  public long count() {
    return count;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public void read(Visitor visitor) {
    walk(
        root,
        new FileVisitor() {
          @Override
          public void image(String path, Path file, BasicFileAttributes attributes) {
            if (attributes.size() > LARGEST_FILE) {
              visitor.bad(path, TOO_LARGE);
              return;
            }
            visitor.image(path, attributes.size(), () -> bytes(file));
          }

          @Override
          public void ignored(String path, String kind) {
            visitor.ignored(path, kind);
          }
        });
  }

  private static byte[] bytes(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(LARGEST_FILE);
    }
  }

  private static void walk(Path root, FileVisitor visitor) {
    walk(root, "", new ArrayDeque<>(), visitor);
  }

  private static void walk(Path folder, String prefix, Deque<Object> above, FileVisitor visitor) {
    Object identity = identity(folder);
    if (above.contains(identity)) {
      visitor.ignored(prefix, "link to a folder above it");
      return;
    }
    above.push(identity);
    for (Child child : children(folder, prefix, visitor)) {
      if (child.attributes().isDirectory()) {
        walk(child.file(), prefix + child.name() + "/", above, visitor);
      } else {
        visitor.image(prefix + child.name(), child.file(), child.attributes());
      }
    }
    above.pop();
  }

  /** The folders and images in {@code folder}, in order; tells the visitor of what is neither. */
  private static List<Child> children(Path folder, String prefix, FileVisitor visitor) {
    List<Child> children = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = name(file);
        if (name.startsWith(".")) {
          continue;
        }
        BasicFileAttributes attributes = attributes(file);
        if (attributes.isDirectory()) {
          children.add(new Child(name, file, attributes, sortKey(name + "/")));
        } else if (attributes.isRegularFile() && ImageSource.isImageName(name)) {
          children.add(new Child(name, file, attributes, sortKey(name)));
        } else if (ImageSource.isImageName(name)) {
          visitor.ignored(
              prefix + name, attributes.isSymbolicLink() ? "dangling link" : "not a regular file");
        }
      }
    } catch (DirectoryIteratorException e) {
      throw unreadable(folder, e.getCause());
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
    children.sort(Comparator.comparing(Child::sortKey));
    return children;
  }

  /** A string whose characters are the bytes of {@code name}, and so compare as these do. */
  private static String sortKey(String name) {
    return new String(name.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  /** The attributes of what {@code file} leads to, or of the link itself if it leads nowhere. */
  private static BasicFileAttributes attributes(Path file) throws IOException {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class);
    } catch (IOException e) {
      return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }
  }

  /** The file's name as UTF-8, whatever encoding the locale has. */
  private static String name(Path file) {
    String name = Objects.requireNonNull(file.getFileName(), "a child has a name").toString();
    if (name.indexOf(NOT_DECODED) < 0) {
      return name;
    }
    // the locale cannot express the name, but a path's URI holds its bytes
    String raw = file.toUri().getRawPath();
    int end = raw.endsWith("/") ? raw.length() - 1 : raw.length();
    String escaped = raw.substring(raw.lastIndexOf('/', end - 1) + 1, end);
    byte[] bytes = new byte[escaped.length()];
    int length = 0;
    for (int i = 0; i < escaped.length(); i++) {
      if (escaped.charAt(i) == '%') {
        bytes[length++] = (byte) HexFormat.fromHexDigits(escaped, i + 1, i + 3);
        i += 2;
      } else {
        bytes[length++] = (byte) escaped.charAt(i);
      }
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  private static Object identity(Path folder) {
    try {
      Object key = Files.readAttributes(folder, BasicFileAttributes.class).fileKey();
      return key != null ? key : folder.toRealPath();
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
  }

  private static String realPath(Path root) {
    try {
      return root.toRealPath().toUri().getRawPath();
    } catch (IOException e) {
      throw unreadable(root, e);
    }
  }

  private static DataException unreadable(Path folder, IOException cause) {
    return new DataException("cannot read folder: path=%s: %s".formatted(folder, cause), cause);
  }
}
