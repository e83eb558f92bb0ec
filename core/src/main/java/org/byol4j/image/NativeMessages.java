package org.byol4j.image;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import java.nio.charset.StandardCharsets;

/**
 * What libjpeg and libpng print while a thread decodes. They write warnings of damaged data to C's
 * standard error stream, and OpenCV offers no way to hear or to stop them. So that stream is
 * replaced once by one that keeps the text of threads that listen and passes on everybody else's.
 * Java's own {@code System.err} does not run through it.
 */
final class NativeMessages {
  private static final int STANDARD_ERROR = 2;
  private static final int UNBUFFERED = 2;

  private static final ThreadLocal<StringBuilder> HEARD = new ThreadLocal<>();
  private static final LibC LIBC = Native.load("c", LibC.class);

  /** Native code keeps calling it, so it must stay reachable. */
  private static final CookieWrite LISTENER = NativeMessages::write;

  static {
    Pointer stream = NativeLibrary.getProcess().getGlobalVariableAddress("stderr");
    Pointer original = stream.getPointer(0);
    CookieFunctions.ByValue functions = new CookieFunctions.ByValue();
    functions.write = LISTENER;
    Pointer listening = LIBC.fopencookie(Pointer.NULL, "w", functions);
    if (listening != null) {
      LIBC.setvbuf(listening, Pointer.NULL, UNBUFFERED, new NativeLong(0));
      stream.setPointer(0, listening);
      // after the virtual machine is gone nobody answers
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stream.setPointer(0, original)));
    }
  }

  private final StringBuilder text = new StringBuilder();

  /** Keeps what the calling thread's native code prints from now on, instead of printing it. */
  void listen() {
    text.setLength(0);
    HEARD.set(text);
  }

  /** Stops listening; what was printed since {@link #listen}, often nothing. */
  String stop() {
    HEARD.remove();
    return text.isEmpty() ? "" : text.toString().strip();
  }

  private static NativeLong write(Pointer cookie, Pointer bytes, NativeLong length) {
    StringBuilder heard = HEARD.get();
    if (heard == null) {
      return LIBC.write(STANDARD_ERROR, bytes, length);
    }
    byte[] copy = bytes.getByteArray(0, length.intValue());
    heard.append(new String(copy, StandardCharsets.ISO_8859_1));
    return length;
  }

  /** The part of glibc that is needed. */
  interface LibC extends Library {
    Pointer fopencookie(Pointer cookie, String mode, CookieFunctions.ByValue functions);

    int setvbuf(Pointer stream, Pointer buffer, int mode, NativeLong size);

    NativeLong write(int descriptor, Pointer bytes, NativeLong length);
  }

  /** {@code cookie_write_function_t}. */
  @FunctionalInterface
  interface CookieWrite extends Callback {
    /** Returns how many bytes were taken. */
    NativeLong invoke(Pointer cookie, Pointer bytes, NativeLong length);
  }

  /** {@code cookie_io_functions_t}; what is null does nothing. */
  @Structure.FieldOrder({"read", "write", "seek", "close"})
  public static class CookieFunctions extends Structure {
    public Pointer read;
    public CookieWrite write;
    public Pointer seek;
    public Pointer close;

    /** As a C argument. */
    public static final class ByValue extends CookieFunctions implements Structure.ByValue {}
  }
}
