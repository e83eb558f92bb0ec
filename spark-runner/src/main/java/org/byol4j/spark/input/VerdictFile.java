package org.byol4j.spark.input;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.Upload;

/**
 * The file of the verdicts on one part of a source: so that an ingest that is started again finds
 * them. Neither its writer nor its reader holds more than one.
 *
 * <pre>
 *   a verdict:  1, path, class, fault, SHA-256 of the bytes in hexadecimal, empty if there is a fault
 *   the end:    0, number of kinds that were passed over, and of each its name and count
 * </pre>
 */
final class VerdictFile {
  private static final int VERDICT = 1;
  private static final int END = 0;

  private VerdictFile() {}

  /** Writes a file; without {@link #finish} there is none. */
  static final class Writer implements Closeable {
    private final Upload upload;
    private final DataOutputStream out;

    Writer(Storage storage, String path) throws IOException {
      this.upload = storage.create(path);
      this.out = new DataOutputStream(new UploadStream(upload));
    }

    /** Adds the verdict on an image file. */
    void add(String path, String className, String fault, String sha256) throws IOException {
      out.writeByte(VERDICT);
      out.writeUTF(path);
      out.writeUTF(className);
      out.writeUTF(fault);
      out.writeUTF(sha256);
    }

    /** Makes the file appear, with how many files were passed over, by kind. */
    void finish(Map<String, Integer> ignored) throws IOException {
      out.writeByte(END);
      out.writeInt(ignored.size());
      for (Map.Entry<String, Integer> kind : ignored.entrySet()) {
        out.writeUTF(kind.getKey());
        out.writeInt(kind.getValue());
      }
      out.flush();
      upload.commit();
    }

    @Override
    public void close() throws IOException {
      upload.close();
    }
  }

  /** Reads a file's verdicts; at their end it knows what was passed over, and closes the file. */
  static final class Reader implements Iterator<CheckedImage>, Closeable {
    private final String name;
    private final int part;
    private final DataInputStream in;
    private final Map<String, Integer> ignored = new TreeMap<>();
    private boolean atEnd;
    private int order;

    /**
     * @param part the number of the part that the verdicts are on
     */
    Reader(Storage storage, String path, int part) {
      this.name = storage.describe(path);
      this.part = part;
      try {
        this.in = new DataInputStream(new BufferedInputStream(storage.read(path)));
        atEnd = in.readByte() == END;
        if (atEnd) {
          readEnd();
        }
      } catch (IOException e) {
        throw unreadable(e);
      }
    }

    @Override
    public boolean hasNext() {
      return !atEnd;
    }

    @Override
    public CheckedImage next() {
      if (atEnd) {
        throw new NoSuchElementException(name);
      }
      try {
        String path = in.readUTF();
        String className = in.readUTF();
        String fault = in.readUTF();
        CheckedImage image = new CheckedImage(part, order, path, className, fault, in.readUTF());
        order++;
        atEnd = in.readByte() == END;
        if (atEnd) {
          readEnd();
        }
        return image;
      } catch (IOException e) {
        throw unreadable(e);
      }
    }

    private void readEnd() throws IOException {
      int kinds = in.readInt();
      for (int i = 0; i < kinds; i++) {
        ignored.put(in.readUTF(), in.readInt());
      }
      in.close();
    }

    /** How many files were passed over, by kind; known when there is no verdict left. */
    Map<String, Integer> ignored() {
      return ignored;
    }

    private UncheckedIOException unreadable(IOException cause) {
      return new UncheckedIOException("cannot read " + name, cause);
    }

    @Override
    public void close() {
      try {
        in.close();
      } catch (IOException e) {
        throw unreadable(e);
      }
    }
  }
}
