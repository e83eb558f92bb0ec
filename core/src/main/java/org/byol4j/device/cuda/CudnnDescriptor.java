package org.byol4j.device.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_BACKEND_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_BOOLEAN;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_CHAR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_FLOAT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_HANDLE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_INT64;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_VOID_PTR;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendCreateDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendDestroyDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendFinalize;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendGetAttribute;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendSetAttribute;
import static org.bytedeco.cuda.global.cudnn.cudnnGetErrorString;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.bytedeco.cuda.cudnn.cudnnBackendDescriptor_t;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * A descriptor of cuDNN's graph API: attributes are set, then it is finished, then it is used or
 * asked. It keeps alive what it refers to, also when its maker has closed that: a plan may look at
 * what it was built from whenever it runs.
 */
final class CudnnDescriptor implements AutoCloseable {

  private final cudnnBackendDescriptor_t handle = new cudnnBackendDescriptor_t();
  private final String name;
  private final Lifetime lifetime = new Lifetime(this::destroy);

  /**
   * @param name what errors call it
   */
  CudnnDescriptor(int type, String name) {
    this.name = name;
    check(cudnnBackendCreateDescriptor(type, handle), "cannot be made");
  }

  cudnnBackendDescriptor_t handle() {
    lifetime.requireAlive();
    return handle;
  }

  /** Whether it can still be used. */
  boolean isAlive() {
    return lifetime.isAlive();
  }

  CudnnDescriptor set(int attribute, long... values) {
    try (LongPointer pointer = new LongPointer(values)) {
      return set(attribute, CUDNN_TYPE_INT64, values.length, pointer);
    }
  }

  /**
   * Sets a value of an enumeration.
   *
   * @param type which enumeration
   */
  CudnnDescriptor setEnum(int attribute, int type, int value) {
    try (IntPointer pointer = new IntPointer(new int[] {value})) {
      return set(attribute, type, 1, pointer);
    }
  }

  CudnnDescriptor setFloat(int attribute, float value) {
    try (FloatPointer pointer = new FloatPointer(new float[] {value})) {
      return set(attribute, CUDNN_TYPE_FLOAT, 1, pointer);
    }
  }

  CudnnDescriptor setTrue(int attribute) {
    try (BytePointer pointer = new BytePointer(new byte[] {1})) {
      return set(attribute, CUDNN_TYPE_BOOLEAN, 1, pointer);
    }
  }

  CudnnDescriptor setText(int attribute, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    try (BytePointer pointer = new BytePointer(bytes)) {
      return set(attribute, CUDNN_TYPE_CHAR, bytes.length, pointer);
    }
  }

  CudnnDescriptor setHandle(int attribute, cudnnContext context) {
    try (PointerPointer<Pointer> pointer = new PointerPointer<>(1)) {
      return set(attribute, CUDNN_TYPE_HANDLE, 1, pointer.put(0, context));
    }
  }

  /** Sets addresses of the GPU's memory. */
  CudnnDescriptor setAddresses(int attribute, LongPointer addresses, int count) {
    return set(attribute, CUDNN_TYPE_VOID_PTR, count, addresses);
  }

  /** Sets other descriptors and closes them, so that they live as long as this one. */
  CudnnDescriptor own(int attribute, CudnnDescriptor... values) {
    try {
      return refer(attribute, values);
    } finally {
      List.of(values).forEach(CudnnDescriptor::close);
    }
  }

  /** Sets other descriptors, which their maker closes, and which live as long as this one. */
  CudnnDescriptor refer(int attribute, CudnnDescriptor... values) {
    List.of(values).forEach(this::keep);
    try (PointerPointer<Pointer> pointers = new PointerPointer<>(values.length)) {
      for (int i = 0; i < values.length; i++) {
        pointers.put(i, values[i].handle());
      }
      return set(attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, values.length, pointers);
    }
  }

  /** Has another descriptor live as long as this one, which cuDNN has made from it. */
  CudnnDescriptor keep(CudnnDescriptor value) {
    lifetime.buildOn(value.lifetime);
    return this;
  }

  private CudnnDescriptor set(int attribute, int type, long count, Pointer values) {
    check(
        cudnnBackendSetAttribute(handle, attribute, type, count, values),
        "refuses attribute " + attribute);
    return this;
  }

  /**
   * Finishes it.
   *
   * @throws CudnnException if it cannot be what it is to be
   */
  CudnnDescriptor finish() {
    check(cudnnBackendFinalize(handle), "cannot be finished");
    return this;
  }

  long getLong(int attribute) {
    try (LongPointer count = new LongPointer(1);
        LongPointer value = new LongPointer(1)) {
      get(attribute, CUDNN_TYPE_INT64, 1, count, value);
      return value.get();
    }
  }

  /** Values of an enumeration, at most 64. */
  int[] getEnums(int attribute, int type) {
    int most = 64;
    try (LongPointer count = new LongPointer(1);
        IntPointer values = new IntPointer(most)) {
      get(attribute, type, most, count, values);
      int[] taken = new int[(int) count.get()];
      values.get(taken);
      return taken;
    }
  }

  /** Another descriptor, into {@code to}, which the caller has made of the right type. */
  CudnnDescriptor getInto(int attribute, CudnnDescriptor to) {
    return getInto(attribute, List.of(to)).get(0);
  }

  /** Several descriptors into those that the caller has made; returns those that were filled. */
  List<CudnnDescriptor> getInto(int attribute, List<CudnnDescriptor> to) {
    try (LongPointer count = new LongPointer(1);
        PointerPointer<Pointer> pointers = new PointerPointer<>(to.size())) {
      for (int i = 0; i < to.size(); i++) {
        pointers.put(i, to.get(i).handle);
      }
      get(attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, to.size(), count, pointers);
      return to.subList(0, (int) count.get());
    }
  }

  /** How many descriptors an attribute has. */
  int count(int attribute) {
    try (LongPointer count = new LongPointer(1)) {
      Pointer none = null;
      get(attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, count, none);
      return (int) count.get();
    }
  }

  private void get(int attribute, int type, long most, LongPointer count, Pointer values) {
    check(
        cudnnBackendGetAttribute(handle, attribute, type, most, count, values),
        "does not tell attribute " + attribute);
  }

  private void check(int status, String what) {
    if (status != 0) {
      throw new CudnnException(
          "cuDNN's %s %s: status=%d %s"
              .formatted(name, what, status, cudnnGetErrorString(status).getString()));
    }
  }

  private void destroy() {
    cudnnBackendDestroyDescriptor(handle);
  }

  /** Frees it, or leaves that to the last of those that keep it alive. */
  @Override
  public void close() {
    lifetime.close();
  }
}
