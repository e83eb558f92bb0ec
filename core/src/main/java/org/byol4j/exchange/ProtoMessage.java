package org.byol4j.exchange;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.byol4j.checkpoint.Upload;

/**
 * A message in the wire format of Protocol Buffers (protobuf.dev, Encoding), of which only what
 * ONNX files need is here. Large values stay where they are until the message is written. Each
 * field is written when it is added, and methods return this message.
 */
final class ProtoMessage {
  private static final int VARINT = 0;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED_32 = 5;

  /** A stretch of the message. */
  private interface Part {
    void write(Upload to, FloatBytes floats) throws IOException;
  }

  private final List<Part> parts = new ArrayList<>();
  private long lengthBytes;

  long lengthBytes() {
    return lengthBytes;
  }

  ProtoMessage integer(int field, long value) {
    return bytes(join(varint(tag(field, VARINT)), varint(value)));
  }

  ProtoMessage number(int field, float value) {
    byte[] four =
        ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array();
    return bytes(join(varint(tag(field, FIXED_32)), four));
  }

  ProtoMessage text(int field, String value) {
    byte[] text = value.getBytes(StandardCharsets.UTF_8);
    return begin(field, text.length).bytes(text);
  }

  /** A field that is a message; {@code message} must not change any more. */
  ProtoMessage message(int field, ProtoMessage message) {
    begin(field, message.lengthBytes);
    parts.addAll(message.parts);
    lengthBytes += message.lengthBytes;
    return this;
  }

  /** A field of bytes: the values as float32, little endian. */
  ProtoMessage floats(int field, FloatBuffer values) {
    long length = (long) Float.BYTES * values.remaining();
    begin(field, length);
    parts.add((to, floats) -> floats.write(values, to));
    lengthBytes += length;
    return this;
  }

  void writeTo(Upload to) throws IOException {
    FloatBytes floats = new FloatBytes();
    for (Part part : parts) {
      part.write(to, floats);
    }
  }

  private ProtoMessage begin(int field, long length) {
    return bytes(join(varint(tag(field, LENGTH_DELIMITED)), varint(length)));
  }

  private ProtoMessage bytes(byte[] bytes) {
    parts.add((to, floats) -> to.write(ByteBuffer.wrap(bytes)));
    lengthBytes += bytes.length;
    return this;
  }

  private static long tag(int field, int wireType) {
    return ((long) field << 3) | wireType;
  }

  /** Seven bits a byte, the lowest first; the eighth says that more follow. */
  private static byte[] varint(long value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes.write((int) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    bytes.write((int) rest);
    return bytes.toByteArray();
  }

  private static byte[] join(byte[] first, byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }
}
