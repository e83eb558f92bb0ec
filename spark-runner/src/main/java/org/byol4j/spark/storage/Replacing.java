package org.byol4j.spark.storage;

import java.io.IOException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FilterFileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/**
 * Renames a file to a name that may be taken.
 *
 * <p>Hadoop offers that as one operation through a {@link FileContext}, for which a file system
 * needs a second class, an {@code AbstractFileSystem}; some have none ({@code dbfs:}). Those are
 * asked by the method of {@link FileSystem} that only its heirs may call. Unless they override it,
 * it deletes the old file first: who crashes between both has neither.
 */
final class Replacing extends FilterFileSystem {

  private Replacing(FileSystem files) {
    super(files);
  }

  /**
   * Gives {@code from} the name {@code to}, whatever has that name. Either may be without the
   * authority of its file system ({@code hdfs:///a}), which a {@link FileContext} would refuse.
   */
  static void rename(FileSystem files, Path from, Path to) throws IOException {
    FileContext context;
    try {
      context = FileContext.getFileContext(files.getUri(), files.getConf());
    } catch (UnsupportedFileSystemException e) {
      new Replacing(files).rename(from, to, Options.Rename.OVERWRITE);
      return;
    }
    context.rename(files.makeQualified(from), files.makeQualified(to), Options.Rename.OVERWRITE);
  }
}
