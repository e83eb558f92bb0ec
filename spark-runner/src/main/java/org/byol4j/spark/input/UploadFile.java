package org.byol4j.spark.input;

import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.byol4j.checkpoint.Upload;

/**
 * An upload, as Parquet sees the file that it writes.
 *
 * @param upload stays the caller's, who commits it
 */
public record UploadFile(Upload upload) implements OutputFile {

  @Override
  public PositionOutputStream create(long blockSizeHint) {
    return new UploadStream(upload);
  }

  @Override
  public PositionOutputStream createOrOverwrite(long blockSizeHint) {
    return create(blockSizeHint);
  }

  @Override
  public boolean supportsBlockSize() {
    return false;
  }

  @Override
  public long defaultBlockSize() {
    return 0;
  }
}
