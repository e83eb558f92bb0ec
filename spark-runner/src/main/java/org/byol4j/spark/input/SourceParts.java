package org.byol4j.spark.input;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.byol4j.data.DataException;
import org.byol4j.data.ImageSource;
import org.byol4j.data.Verdict;

/**
 * Cuts a source into parts. The driver goes through the upper folders only, and counts files
 * without keeping them; each folder below becomes a part, and so do every 2000 files of one that it
 * has looked into. A folder with files of Parquet is a table, whatever lies below it.
 */
final class SourceParts {
  private static final int ENOUGH_FOLDERS = 64;
  private static final int FILES_PER_PART = 2000;
  private static final int MOST_SPLITS = 64;

  private final FileSystem files;
  private final List<SourcePart> parts = new ArrayList<>();
  private final List<SourcePart> tables = new ArrayList<>();
  private final Deque<Below> folders = new ArrayDeque<>();

  /** A folder that nobody has looked into. */
  private record Below(Path folder, String prefix) {}

  private SourceParts(FileSystem files) {
    this.files = files;
  }

  /**
   * The parts of the source at {@code root}: a folder of images, a tar archive, a Parquet file or a
   * folder of them. They come in the same order for the same source.
   *
   * @throws DataException if there is nothing, or nothing of these
   */
  static List<SourcePart> of(FileSystem files, Path root) {
    try {
      FileStatus status = files.getFileStatus(root);
      if (status.isFile()) {
        return List.of(file(status));
      }
      SourceParts parts = new SourceParts(files);
      parts.lookInto(new Below(root, ""));
      while (parts.tables.isEmpty()
          && !parts.folders.isEmpty()
          && parts.folders.size() < ENOUGH_FOLDERS) {
        parts.lookInto(parts.folders.remove());
      }
      return parts.all();
    } catch (FileNotFoundException e) {
      throw new DataException("no such file or folder: path=" + root, e);
    } catch (IOException e) {
      throw new DataException("cannot read folder: path=%s: %s".formatted(root, e), e);
    }
  }

  /** A hash of all that the verdicts on {@code parts} depend on and that the driver has seen. */
  static String fingerprint(List<SourcePart> parts, long maxPixels) {
    StringBuilder text = new StringBuilder().append(maxPixels);
    parts.forEach(part -> text.append('\n').append(part));
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    return HexFormat.of().formatHex(Verdict.hashOf(bytes));
  }

  /** Whether a file of this name is a table. */
  static boolean isTable(String name) {
    return name.toLowerCase(Locale.ROOT).endsWith(".parquet");
  }

  private static SourcePart file(FileStatus file) {
    String path = file.getPath().toString();
    String name = file.getPath().getName().toLowerCase(Locale.ROOT);
    if (isTable(name)) {
      return new SourcePart.Table(path, file.getLen(), file.getModificationTime());
    }
    if (name.endsWith(".tar") || name.endsWith(".tar.gz") || name.endsWith(".tgz")) {
      return new SourcePart.Tar(path, file.getLen(), file.getModificationTime());
    }
    throw new DataException(
        "not a source of images: path=%s; expected a folder, or a file named .tar, .tar.gz, .tgz or .parquet"
            .formatted(path));
  }

  private void lookInto(Below below) throws IOException {
    long images = 0;
    List<Below> found = new ArrayList<>();
    List<Below> back = new ArrayList<>();
    FolderChain chain = FolderChain.above(below.folder(), below.prefix()).with(below.folder());
    RemoteIterator<FileStatus> entries = files.listStatusIterator(below.folder());
    while (entries.hasNext()) {
      FileStatus entry = entries.next();
      String name = entry.getPath().getName();
      if (name.startsWith(".")) {
        continue;
      }
      if (entry.isDirectory()) {
        Below child = new Below(entry.getPath(), below.prefix() + name + "/");
        (chain.leadsBack(child.folder()) ? back : found).add(child);
      } else if (ImageSource.isImageName(name)) {
        images++;
      } else if (below.prefix().isEmpty() && isTable(name)) {
        tables.add(file(entry));
      }
    }
    found.sort(Comparator.comparing(Below::prefix));
    folders.addAll(found);
    int splits = (int) Math.min(MOST_SPLITS, (images + FILES_PER_PART - 1) / FILES_PER_PART);
    for (int split = 0; split < splits; split++) {
      parts.add(
          new SourcePart.Folder(below.folder().toString(), below.prefix(), false, split, splits));
    }
    back.sort(Comparator.comparing(Below::prefix));
    // who reads such a part counts it, and goes no further
    back.forEach(link -> parts.add(whole(link)));
  }

  private static SourcePart whole(Below below) {
    return new SourcePart.Folder(below.folder().toString(), below.prefix(), true, 0, 1);
  }

  private List<SourcePart> all() {
    if (!tables.isEmpty()) {
      if (!parts.isEmpty()) {
        throw new DataException(
            "images and Parquet files in one source: images=%s table=%s; expected one kind"
                .formatted(parts.get(0), tables.get(0)));
      }
      tables.sort(Comparator.comparing(SourcePart::toString));
      return List.copyOf(tables);
    }
    folders.forEach(below -> parts.add(whole(below)));
    return List.copyOf(parts);
  }
}
