package org.byol4j.spark.input;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.security.AccessControlException;
import org.byol4j.data.DataException;
import org.byol4j.data.ImageSource;
import org.byol4j.data.TarReader;

/**
 * A part of a source, which one task lists and reads. The same part shows the same images in the
 * same order as long as the source does not change.
 */
sealed interface SourcePart extends Serializable {

  /** What is done with a part's contents. */
  interface Visitor {
    /** An image file; {@code className} is empty if it has none. */
    void image(String path, String className, ImageSource.Encoded file);

    /** A file that should be an image but cannot be one for {@code reason}. */
    void bad(String path, String reason);

    /** Something that was passed over because of what {@code kind} says. */
    void ignored(String kind);
  }

  /**
   * Shows everything to {@code visitor}.
   *
   * @param files the file system of the source
   * @throws DataException if the part cannot be read
   * @throws UncheckedIOException from {@code visitor}
   */
  void read(FileSystem files, Visitor visitor);

  /**
   * Whether a file that could not be read will not be readable at the next try either: it is not
   * there, or nobody gives it to us. Everything else may be the network's or the storage's fault.
   */
  static boolean isUnreadable(IOException failure) {
    return failure instanceof FileNotFoundException
        || failure instanceof NoSuchFileException
        || failure instanceof AccessDeniedException
        || failure instanceof AccessControlException;
  }

  /**
   * Files of a folder.
   *
   * @param prefix the folder's path in the source, with a slash at its end; empty for the root
   * @param recursive whether those in the folders below belong to it; links are followed, but for
   *     one that leads back to a folder above it
   * @param split which of {@code splits} parts of the folder, told by the hash of names; a
   *     recursive part is whole
   */
  record Folder(String folder, String prefix, boolean recursive, int split, int splits)
      implements SourcePart {
    private static final int DEEPEST = 100;

    @Override
    public void read(FileSystem files, Visitor visitor) {
      Path top = new Path(folder);
      try {
        walk(files, top, prefix, FolderChain.above(top, prefix), 0, visitor);
      } catch (IOException e) {
        throw unreadable(top, e);
      }
    }

    private void walk(
        FileSystem files, Path at, String path, FolderChain above, int depth, Visitor visitor)
        throws IOException {
      if (depth > DEEPEST) {
        throw new DataException(
            "folders are nested too deep: path=%s expected at most %d".formatted(at, DEEPEST));
      }
      if (above.leadsBack(at)) {
        visitor.ignored(FolderChain.LINK_BACK);
        return;
      }
      FolderChain chain = above.with(at);
      try {
        RemoteIterator<FileStatus> entries = files.listStatusIterator(at);
        while (entries.hasNext()) {
          FileStatus entry = entries.next();
          String name = entry.getPath().getName();
          if (name.startsWith(".")) {
            continue;
          }
          if (entry.isDirectory() && recursive) {
            walk(files, entry.getPath(), path + name + "/", chain, depth + 1, visitor);
          } else if (entry.isFile() && ImageSource.isImageName(name) && isOurs(name)) {
            show(files, entry, path + name, visitor);
          }
        }
      } catch (IOException e) {
        throw unreadable(at, e);
      }
    }

    private static DataException unreadable(Path at, IOException cause) {
      return new DataException(
          "cannot read folder: path=%s: %s; every executor must see it".formatted(at, cause),
          cause);
    }

    private boolean isOurs(String name) {
      return Math.floorMod(name.hashCode(), splits) == split;
    }

    private static void show(FileSystem files, FileStatus file, String path, Visitor visitor) {
      if (file.getLen() > ImageSource.LARGEST_FILE) {
        visitor.bad(path, ImageSource.TOO_LARGE);
        return;
      }
      visitor.image(
          path,
          ImageSource.className(path),
          () -> {
            try (InputStream in = files.open(file.getPath())) {
              return in.readNBytes(ImageSource.LARGEST_FILE);
            }
          });
    }
  }

  /**
   * A tar archive, read from front to back.
   *
   * @param lengthBytes tells, with {@code modifiedMs}, that it has changed
   */
  record Tar(String file, long lengthBytes, long modifiedMs) implements SourcePart {
    @Override
    public void read(FileSystem files, Visitor visitor) {
      try (InputStream in = files.open(new Path(file))) {
        TarReader.read(
            in,
            file,
            new ImageSource.Visitor() {
              @Override
              public void image(String path, long lengthBytes, ImageSource.Encoded encoded) {
                visitor.image(path, ImageSource.className(path), encoded);
              }

              @Override
              public void bad(String path, String reason) {
                visitor.bad(path, reason);
              }

              @Override
              public void ignored(String path, String kind) {
                visitor.ignored(kind);
              }
            });
      } catch (FileNotFoundException e) {
        throw new DataException("no such archive: path=%s".formatted(file), e);
      } catch (IOException e) {
        throw new DataException("cannot read archive: path=%s: %s".formatted(file, e), e);
      }
    }
  }

  /**
   * A file of a table in Parquet.
   *
   * @param lengthBytes tells, with {@code modifiedMs}, that it has changed
   */
  record Table(String file, long lengthBytes, long modifiedMs) implements SourcePart {
    @Override
    public void read(FileSystem files, Visitor visitor) {
      TableReader.read(files, new Path(file), visitor);
    }
  }
}
