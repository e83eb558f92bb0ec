package org.byol4j.exchange;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.Upload;

/**
 * Writes safetensors files (huggingface/safetensors, format section of its README): the header's
 * length as a little-endian 64-bit integer, the header in JSON, the values little-endian in the
 * order of the header and without gaps.
 */
public final class SafetensorsWriter {
  private static final int ALIGNMENT = 8;

  private SafetensorsWriter() {}

  /**
   * Writes a whole file; does not commit it.
   *
   * @param metadata what else the file says of itself, texts by name
   * @throws IOException if {@code to} refuses
   */
  public static void write(List<NamedTensor> tensors, Map<String, String> metadata, Upload to)
      throws IOException {
    byte[] header = header(tensors, metadata);
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    to.write(length.putLong(header.length).flip());
    to.write(ByteBuffer.wrap(header));
    FloatBytes floats = new FloatBytes();
    for (NamedTensor tensor : tensors) {
      floats.write(tensor.values(), to);
    }
  }

  /** The header, padded with spaces so that the values begin at a multiple of 8 bytes. */
  private static byte[] header(List<NamedTensor> tensors, Map<String, String> metadata) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    ObjectNode texts = root.putObject(SafetensorsHeader.METADATA);
    metadata.forEach(texts::put);
    long offset = 0;
    for (NamedTensor tensor : tensors) {
      ObjectNode entry = root.putObject(tensor.name()).put("dtype", SafetensorsHeader.FLOAT32);
      ArrayNode shape = entry.putArray("shape");
      tensor.shape().forEach(shape::add);
      long end = offset + (long) Float.BYTES * tensor.values().remaining();
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
    byte[] padded = Arrays.copyOf(json, (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    return padded;
  }
}
