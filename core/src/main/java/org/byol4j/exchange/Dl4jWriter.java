package org.byol4j.exchange;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.byol4j.checkpoint.Upload;
import org.byol4j.nn.NetworkSettings;

/**
 * Writes a backbone as Deeplearning4j's {@code ModelSerializer} (1.0.0-M2.1) writes a {@code
 * ComputationGraph}: a zip of {@code configuration.json} and {@code coefficients.bin}. Input {@code
 * images [batch, 3, height, width]}, output {@code avgpool [batch, features]}. Beside these, {@code
 * byol4j.json} has what else the file says of itself, which Deeplearning4j passes over.
 *
 * <p>The coefficients are a vector as {@code Nd4j.write} has it: two buffers, each a text, its
 * length as a 64-bit integer, its type as a text, and its elements, all big endian. The first holds
 * the vector's shape: rank, size, stride, flags (float32), element stride, order.
 */
public final class Dl4jWriter {
  static final String CONFIGURATION = "configuration.json";
  static final String COEFFICIENTS = "coefficients.bin";
  static final String METADATA = "byol4j.json";
  static final String BUFFER = "MIXED_DATA_TYPES";

  /** Of an array's flags the one that says float32. */
  private static final long FLAG_FLOAT = 0x2000;

  private static final int CHUNK_BYTES = 1 << 16;
  private static final LocalDateTime SAME_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  private Dl4jWriter() {}

  /**
   * Writes a whole file; does not commit it.
   *
   * @param backbone the tensors of {@link Backbone}
   * @param network the network that they are of
   * @param metadata what else the file says of itself, texts by name
   * @throws IOException if {@code to} refuses
   */
  public static void write(
      List<NamedTensor> backbone, NetworkSettings network, Map<String, String> metadata, Upload to)
      throws IOException {
    Dl4jGraph graph = new Dl4jGraph(backbone, "images");
    ObjectNode configuration =
        graph.configuration(ResNetGraph.draw(backbone, network, graph, "images"));
    ObjectNode texts = JsonNodeFactory.instance.objectNode();
    metadata.forEach(texts::put);
    ZipOutputStream zip = new ZipOutputStream(new Bytes(to));
    // weights hardly get smaller
    zip.setLevel(Deflater.BEST_SPEED);
    begin(zip, CONFIGURATION);
    zip.write(configuration.toPrettyString().getBytes(StandardCharsets.UTF_8));
    begin(zip, COEFFICIENTS);
    coefficients(graph.parameters(), zip);
    begin(zip, METADATA);
    zip.write(texts.toPrettyString().getBytes(StandardCharsets.UTF_8));
    zip.finish();
    zip.flush();
  }

  private static void begin(ZipOutputStream zip, String name) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setTimeLocal(SAME_TIME);
    zip.putNextEntry(entry);
  }

  private static void coefficients(List<FloatBuffer> values, OutputStream to) throws IOException {
    long count = values.stream().mapToLong(FloatBuffer::remaining).sum();
    DataOutputStream data = new DataOutputStream(to);
    long[] shape = {1, count, 1, FLAG_FLOAT, 1, 'c'};
    data.writeUTF(BUFFER);
    data.writeLong(shape.length);
    data.writeUTF("LONG");
    for (long number : shape) {
      data.writeLong(number);
    }
    data.writeUTF(BUFFER);
    data.writeLong(count);
    data.writeUTF("FLOAT");
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.BIG_ENDIAN);
    for (FloatBuffer tensor : values) {
      FloatBuffer rest = tensor.duplicate();
      while (rest.hasRemaining()) {
        int some = Math.min(rest.remaining(), CHUNK_BYTES / Float.BYTES);
        chunk.asFloatBuffer().put(rest.slice().limit(some));
        data.write(chunk.array(), 0, some * Float.BYTES);
        rest.position(rest.position() + some);
      }
    }
    data.flush();
  }

  /** An upload as a stream, which leaves it open. */
  private static final class Bytes extends OutputStream {
    private final Upload to;

    Bytes(Upload to) {
      this.to = to;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      to.write(ByteBuffer.wrap(bytes, offset, length));
    }
  }
}
