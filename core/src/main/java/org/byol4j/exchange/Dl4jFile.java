package org.byol4j.exchange;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UTFDataFormatException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.byol4j.exchange.Dl4jLayout.Entry;

/**
 * An open {@code ComputationGraph} of Deeplearning4j (see {@link Dl4jWriter}) whose vertices have
 * torchvision's names. Its configuration and the description of its coefficients were found right.
 * An entry is read to a limit and no further, whatever its header says; memory is taken for the
 * configuration, and for nothing else that the file asks for.
 */
public final class Dl4jFile implements BackboneFile {
  private static final int MAX_ENTRIES = 64;
  private static final int MAX_TEXT_BYTES = 16 << 20;
  private static final int CHUNK_BYTES = 1 << 16;

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final Path path;
  private final ZipFile zip;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final long count;

  private Dl4jFile(Path path, ZipFile zip) throws IOException {
    this.path = path;
    this.zip = zip;
    checkNames();
    for (Entry entry : Dl4jLayout.of(json(Dl4jWriter.CONFIGURATION), path.toString())) {
      entries.put(entry.name(), entry);
    }
    this.count = entries.values().stream().mapToLong(Entry::length).sum();
    if (zip.getEntry(Dl4jWriter.METADATA) != null) {
      json(Dl4jWriter.METADATA)
          .fields()
          .forEachRemaining(text -> metadata.put(text.getKey(), text.getValue().asText()));
    }
    try (DataInputStream values = coefficients()) {
      checkHeader(values);
    }
  }

  /**
   * Opens a file and checks all but its values.
   *
   * @throws ExchangeException if there is no such file, or it is malformed
   * @throws UncheckedIOException if it cannot be read
   */
  public static Dl4jFile open(Path path) {
    ZipFile zip;
    try {
      zip = new ZipFile(path.toFile());
    } catch (NoSuchFileException e) {
      throw new ExchangeException("%s: no such file".formatted(path), e);
    } catch (ZipException e) {
      throw new ExchangeException("%s: not a zip: %s".formatted(path, e.getMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read %s: %s".formatted(path, e), e);
    }
    try {
      return new Dl4jFile(path, zip);
    } catch (IOException e) {
      close(zip, e);
      throw malformed(path, e);
    } catch (RuntimeException e) {
      close(zip, e);
      throw e;
    }
  }

  /** Bytes that cannot be what they should be, or a disk that cannot be read. */
  private static RuntimeException malformed(Path path, IOException e) {
    return e instanceof ZipException
            || e instanceof EOFException
            || e instanceof UTFDataFormatException
        ? new ExchangeException("%s: damaged or cut short: %s".formatted(path, e), e)
        : new UncheckedIOException("cannot read %s: %s".formatted(path, e), e);
  }

  private ExchangeException fault(String what) {
    return new ExchangeException("%s: %s".formatted(path, what));
  }

  private void checkNames() {
    if (zip.size() > MAX_ENTRIES) {
      throw fault("%d entries, expected at most %d".formatted(zip.size(), MAX_ENTRIES));
    }
    Set<String> seen = new HashSet<>();
    for (ZipEntry entry : Collections.list(zip.entries())) {
      String name = entry.getName();
      if (name.startsWith("/") || name.contains("..") || name.contains("\\")) {
        throw fault("entry=%s lies outside".formatted(SafetensorsHeader.shown(name)));
      }
      if (!seen.add(name)) {
        throw fault("entry=%s comes twice".formatted(SafetensorsHeader.shown(name)));
      }
    }
  }

  private InputStream open(String name) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw fault("entry=%s is missing".formatted(name));
    }
    return zip.getInputStream(entry);
  }

  private JsonNode json(String name) throws IOException {
    byte[] text;
    try (InputStream in = open(name)) {
      text = in.readNBytes(MAX_TEXT_BYTES + 1);
    }
    if (text.length > MAX_TEXT_BYTES) {
      throw fault("entry=%s has more than %d bytes".formatted(name, MAX_TEXT_BYTES));
    }
    try {
      JsonNode root = JSON.readTree(text);
      if (!root.isObject()) {
        throw fault("entry=%s is not a JSON object".formatted(name));
      }
      return root;
    } catch (IOException e) {
      String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw fault("entry=%s is not JSON: %s".formatted(name, SafetensorsHeader.shown(reason)));
    }
  }

  private DataInputStream coefficients() throws IOException {
    return new DataInputStream(new BufferedInputStream(open(Dl4jWriter.COEFFICIENTS), CHUNK_BYTES));
  }

  /** Reads up to the first value; see {@link Dl4jWriter} for what is there. */
  private void checkHeader(DataInputStream in) throws IOException {
    int shapeLength = (int) buffer(in, "LONG", 4, 36);
    long[] shape = new long[shapeLength];
    for (int i = 0; i < shapeLength; i++) {
      shape[i] = in.readLong();
    }
    long rank = shape[0];
    if (rank < 1 || rank > 2 || shapeLength != 2 * rank + 4) {
      throw coefficientsFault("rank=%d with %d numbers".formatted(rank, shapeLength), "a vector");
    }
    boolean isRow = rank == 2 && shape[1] == 1 && shape[2] == count;
    if (!isRow && !(rank == 1 && shape[1] == count)) {
      throw coefficientsFault(
          "shape=" + List.of(shape[1], rank == 2 ? shape[2] : 1), count + " values");
    }
    buffer(in, "FLOAT", count, count);
  }

  private long buffer(DataInputStream in, String type, long least, long most) throws IOException {
    in.readUTF();
    long length = in.readLong();
    String actual = in.readUTF();
    if (!actual.equals(type)) {
      throw coefficientsFault("dtype=" + SafetensorsHeader.shown(actual), type);
    }
    if (length < least || length > most) {
      throw coefficientsFault(
          "length=" + length, least == most ? least + " values" : least + " to " + most);
    }
    return length;
  }

  private ExchangeException coefficientsFault(String what, String expected) {
    return fault("%s: %s, expected %s".formatted(Dl4jWriter.COEFFICIENTS, what, expected));
  }

  @Override
  public String describe() {
    return path.toString();
  }

  @Override
  public Set<String> names() {
    return entries.keySet();
  }

  @Override
  public Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public void expect(String name, List<Integer> shape) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw fault("%s is missing".formatted(name));
    }
    if (!entry.shape().equals(shape)) {
      throw fault("%s has shape=%s, expected %s".formatted(name, entry.shape(), shape));
    }
  }

  @Override
  public void read(List<NamedTensor> into) {
    Map<String, NamedTensor> wanted = new HashMap<>();
    into.forEach(tensor -> wanted.put(tensor.name(), tensor));
    byte[] chunk = new byte[CHUNK_BYTES];
    try (DataInputStream in = coefficients()) {
      checkHeader(in);
      for (Entry entry : entries.values()) {
        NamedTensor tensor = wanted.get(entry.name());
        if (tensor == null) {
          in.skipNBytes((long) Float.BYTES * entry.length());
        } else {
          expect(tensor.name(), tensor.shape());
          fill(entry, tensor, in, chunk);
        }
      }
      if (in.read() >= 0) {
        throw coefficientsFault("more bytes", count + " values");
      }
    } catch (IOException e) {
      throw malformed(path, e);
    }
  }

  private void fill(Entry entry, NamedTensor tensor, DataInputStream in, byte[] chunk)
      throws IOException {
    int at = tensor.values().position();
    for (int left = entry.length(); left > 0; ) {
      int some = Math.min(left, chunk.length / Float.BYTES);
      in.readFully(chunk, 0, some * Float.BYTES);
      ByteBuffer bytes = ByteBuffer.wrap(chunk);
      for (int i = 0; i < some; i++) {
        float value = bytes.getFloat();
        if (entry.form() == Dl4jLayout.Form.LOG_ROOT) {
          value = (float) Math.pow(10, 2.0 * value);
        }
        if (!Float.isFinite(value)) {
          throw fault("%s has value=%s, expected finite ones".formatted(entry.name(), value));
        }
        tensor.values().put(at, value);
        at++;
      }
      left -= some;
    }
  }

  private static void close(ZipFile zip, Exception failure) {
    try {
      zip.close();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  @Override
  public void close() {
    try {
      zip.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close " + path, e);
    }
  }
}
