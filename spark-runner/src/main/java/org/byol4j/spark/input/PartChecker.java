package org.byol4j.spark.input;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.FileSystem;
import org.byol4j.checkpoint.Storage;
import org.byol4j.data.ImageSource;
import org.byol4j.data.Verdict;
import org.byol4j.image.ImageDecoder;

/** Checks the files of one part of a source, each by decoding it, and keeps the verdicts. */
final class PartChecker implements SourcePart.Visitor {
  private static final String UNREADABLE = "unreadable";

  private final ImageDecoder decoder;
  private final VerdictFile.Writer verdicts;
  private final Map<String, Integer> ignored = new TreeMap<>();

  private PartChecker(ImageDecoder decoder, VerdictFile.Writer verdicts) {
    this.decoder = decoder;
    this.verdicts = verdicts;
  }

  /**
   * Reads and checks {@code part}, and writes the verdicts to {@code path} of {@code storage}.
   *
   * @throws org.byol4j.data.DataException if the part cannot be read
   * @throws UncheckedIOException if an image that may be good cannot be read at the moment, or the
   *     verdicts cannot be written
   */
  static void check(
      SourcePart part, FileSystem files, long maxPixels, Storage storage, String path) {
    try (ImageDecoder decoder = new ImageDecoder(maxPixels);
        VerdictFile.Writer verdicts = new VerdictFile.Writer(storage, path)) {
      PartChecker checker = new PartChecker(decoder, verdicts);
      part.read(files, checker);
      verdicts.finish(checker.ignored);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot write %s: %s".formatted(storage.describe(path), e.getMessage()), e);
    }
  }

  @Override
  public void image(String path, String className, ImageSource.Encoded file) {
    Verdict verdict = verdict(path, file);
    add(path, className, verdict.fault(), HexFormat.of().formatHex(verdict.contentHash()));
  }

  private Verdict verdict(String path, ImageSource.Encoded file) {
    byte[] encoded;
    try {
      encoded = file.read();
    } catch (IOException e) {
      if (SourcePart.isUnreadable(e)) {
        return Verdict.bad(UNREADABLE);
      }
      // no verdict: a good image would be left out for a fault of the network
      throw new UncheckedIOException("cannot read image: path=%s: %s".formatted(path, e), e);
    }
    return Verdict.of(() -> encoded, decoder);
  }

  @Override
  public void bad(String path, String reason) {
    add(path, "", reason, "");
  }

  @Override
  public void ignored(String kind) {
    ignored.merge(kind, 1, Integer::sum);
  }

  private void add(String path, String className, String fault, String sha256) {
    try {
      verdicts.add(path, className, fault, sha256);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot write the verdict on %s: %s".formatted(path, e.getMessage()), e);
    }
  }
}
