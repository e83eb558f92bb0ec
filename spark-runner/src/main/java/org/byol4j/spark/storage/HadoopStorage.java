package org.byol4j.spark.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.StreamCapabilities;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.Upload;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of a Hadoop file system.
 *
 * <p>On a file system that renames, an upload is a hidden file, {@code .NAME.RANDOM.partial}, which
 * is synced and then renamed into place: two writers of one name do not write to the same file.
 * What a crash left of one is deleted by an upload of the same name, a day later. An object store
 * shows an object only when its stream is closed, so that there an upload is the object itself, and
 * one that is not committed is aborted. Streams of some stores cannot be aborted: where one would
 * replace an object it is never closed instead, which costs its buffers until the process ends.
 */
public final class HadoopStorage implements Storage {
  private static final Logger LOG = LoggerFactory.getLogger(HadoopStorage.class);
  private static final String HIDDEN = ".";
  private static final String PARTIAL = ".partial";
  private static final Duration LONGEST_UPLOAD = Duration.ofDays(1);
  private static final Set<String> OBJECT_STORES = Set.of("s3a", "s3", "s3n", "gs", "oss", "cosn");

  private final FileSystem files;
  private final Path root;

  /** Uses {@code root} of {@code files}, which need not exist before the first write. */
  public HadoopStorage(FileSystem files, Path root) {
    this.files = files;
    this.root = root;
  }

  /** Whether {@code files} has neither renames nor exclusive creation. */
  public static boolean isObjectStore(FileSystem files) {
    return OBJECT_STORES.contains(files.getUri().getScheme());
  }

  @Override
  public List<String> list(String folder) throws IOException {
    Path directory = at(folder);
    List<String> names = new ArrayList<>();
    try {
      if (files.getFileStatus(directory).isFile()) {
        throw new NotDirectoryException(directory.toString());
      }
      RemoteIterator<FileStatus> entries = files.listStatusIterator(directory);
      while (entries.hasNext()) {
        String name = entries.next().getPath().getName();
        if (!name.startsWith(HIDDEN)) {
          names.add(name);
        }
      }
    } catch (FileNotFoundException e) {
      return List.of();
    }
    Collections.sort(names);
    return names;
  }

  @Override
  public boolean exists(String path) throws IOException {
    try {
      return files.getFileStatus(at(path)).isFile();
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  @Override
  public long lengthBytes(String path) throws IOException {
    try {
      return files.getFileStatus(at(path)).getLen();
    } catch (FileNotFoundException e) {
      throw missing(path, e);
    }
  }

  @Override
  public InputStream read(String path) throws IOException {
    try {
      return files.open(at(path));
    } catch (FileNotFoundException e) {
      throw missing(path, e);
    }
  }

  private NoSuchFileException missing(String path, FileNotFoundException cause) {
    NoSuchFileException missing = new NoSuchFileException(describe(path));
    missing.initCause(cause);
    return missing;
  }

  @Override
  public Upload create(String path) throws IOException {
    return isObjectStore(files) ? new OpenObject(at(path)) : new PartialFile(at(path));
  }

  @Override
  public void delete(String path) throws IOException {
    files.delete(at(path), false);
  }

  @Override
  public void deleteFolder(String folder) throws IOException {
    files.delete(at(folder), true);
  }

  @Override
  public String describe(String path) {
    return at(path).toString();
  }

  private Path at(String path) {
    return path.isEmpty() ? root : new Path(root, path);
  }

  private static void write(ByteBuffer from, FSDataOutputStream to) throws IOException {
    if (from.hasArray()) {
      to.write(from.array(), from.arrayOffset() + from.position(), from.remaining());
      from.position(from.limit());
      return;
    }
    byte[] bytes = new byte[from.remaining()];
    from.get(bytes);
    to.write(bytes);
  }

  /** An upload to a file system that renames. */
  private final class PartialFile implements Upload {
    private final Path target;
    private final Path partial;
    private final FSDataOutputStream out;

    PartialFile(Path target) throws IOException {
      this.target = target;
      String name = HIDDEN + target.getName() + "." + UUID.randomUUID() + PARTIAL;
      this.partial = new Path(target.getParent(), name);
      deleteLeftovers();
      this.out = files.create(partial, false);
    }

    /** Deletes what uploads of this name have left whose process is gone for sure. */
    private void deleteLeftovers() throws IOException {
      Pattern leftover =
          Pattern.compile(
              Pattern.quote(HIDDEN + target.getName())
                  + "\\.[0-9a-f-]{36}"
                  + Pattern.quote(PARTIAL));
      long before = System.currentTimeMillis() - LONGEST_UPLOAD.toMillis();
      try {
        RemoteIterator<FileStatus> entries = files.listStatusIterator(target.getParent());
        while (entries.hasNext()) {
          FileStatus entry = entries.next();
          if (entry.getModificationTime() < before
              && leftover.matcher(entry.getPath().getName()).matches()) {
            files.delete(entry.getPath(), false);
          }
        }
      } catch (FileNotFoundException e) {
        // no folder yet, or one that somebody deletes meanwhile: nothing is left there
        return;
      }
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      HadoopStorage.write(bytes, out);
    }

    @Override
    public void commit() throws IOException {
      out.hsync();
      out.close();
      Replacing.rename(files, partial, target);
    }

    @Override
    public void close() throws IOException {
      try {
        out.close();
      } finally {
        files.delete(partial, false);
      }
    }
  }

  /** An upload to an object store: nobody sees it before it is closed. */
  private final class OpenObject implements Upload {
    private final Path target;
    private final FSDataOutputStream out;
    private boolean ended;

    OpenObject(Path target) throws IOException {
      this.target = target;
      this.out = files.create(target, true);
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      HadoopStorage.write(bytes, out);
    }

    @Override
    public void commit() throws IOException {
      ended = true;
      out.close();
    }

    @Override
    public void close() throws IOException {
      if (ended) {
        return;
      }
      ended = true;
      if (out.hasCapability(StreamCapabilities.ABORTABLE_STREAM)) {
        out.abort();
        return;
      }
      if (files.exists(target)) {
        LOG.warn("{}: an upload is left open, closed it would take the old object's place", target);
        return;
      }
      // it appears for a moment, cut short
      out.close();
      files.delete(target, false);
    }
  }
}
