package org.byol4j.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A storage that ends the process, or refuses, at given operations, counted from 0. */
public final class FaultyStorage implements Storage {

  /** Stands for the end of the process: nothing behind it runs, nothing is cleaned up. */
  static final class Killed extends Error {
    private static final long serialVersionUID = 1L;

    Killed(String at) {
      super(at);
    }
  }

  private enum Fault {
    KILL,
    REFUSE
  }

  private final Storage storage;
  private final Fault fault;
  private final int first;
  private final int count;
  private final String only;
  private final AtomicInteger operations = new AtomicInteger();
  private final AtomicInteger creations = new AtomicInteger();

  private FaultyStorage(Storage storage, Fault fault, int first, int count, String only) {
    this.storage = storage;
    this.fault = fault;
    this.first = first;
    this.count = count;
    this.only = only;
  }

  /** Ends the process before operation {@code at}. */
  static FaultyStorage killedBefore(int at, Storage storage) {
    return new FaultyStorage(storage, Fault.KILL, at, Integer.MAX_VALUE, "");
  }

  /** Refuses the operations {@code [first, first + count)}. */
  public static FaultyStorage refusing(int first, int count, Storage storage) {
    return new FaultyStorage(storage, Fault.REFUSE, first, count, "");
  }

  /** Refuses {@code operation}, such as {@code commit}, on {@code path}. */
  static FaultyStorage refusing(String operation, String path, Storage storage) {
    return new FaultyStorage(storage, Fault.REFUSE, 0, Integer.MAX_VALUE, operation + " " + path);
  }

  int operations() {
    return operations.get();
  }

  /** How many uploads were begun. */
  int creations() {
    return creations.get();
  }

  private void next(String what, String path) throws IOException {
    int operation = operations.getAndIncrement();
    String named = what + " " + path;
    if (operation < first || operation - first >= count || !named.contains(only)) {
      return;
    }
    if (fault == Fault.KILL) {
      throw new Killed(named);
    }
    throw new IOException("No space left on device");
  }

  @Override
  public List<String> list(String folder) throws IOException {
    next("list", folder);
    return storage.list(folder);
  }

  @Override
  public boolean exists(String path) throws IOException {
    next("exists", path);
    return storage.exists(path);
  }

  @Override
  public long lengthBytes(String path) throws IOException {
    next("lengthBytes", path);
    return storage.lengthBytes(path);
  }

  @Override
  public InputStream read(String path) throws IOException {
    next("read", path);
    return storage.read(path);
  }

  @Override
  public Upload create(String path) throws IOException {
    next("create", path);
    creations.incrementAndGet();
    return new FaultyUpload(storage.create(path), path);
  }

  @Override
  public void delete(String path) throws IOException {
    next("delete", path);
    storage.delete(path);
  }

  @Override
  public void deleteFolder(String folder) throws IOException {
    next("deleteFolder", folder);
    storage.deleteFolder(folder);
  }

  @Override
  public String describe(String path) {
    return storage.describe(path);
  }

  private final class FaultyUpload implements Upload {
    private final Upload upload;
    private final String path;

    FaultyUpload(Upload upload, String path) {
      this.upload = upload;
      this.path = path;
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      next("write", path);
      upload.write(bytes);
    }

    @Override
    public void commit() throws IOException {
      next("commit", path);
      upload.commit();
    }

    @Override
    public void close() throws IOException {
      next("close", path);
      upload.close();
    }
  }
}
