package org.byol4j.device.cuda;

import static org.bytedeco.cuda.global.nvrtc.nvrtcCompileProgram;
import static org.bytedeco.cuda.global.nvrtc.nvrtcCreateProgram;
import static org.bytedeco.cuda.global.nvrtc.nvrtcDestroyProgram;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetCUBIN;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetCUBINSize;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetErrorString;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetNumSupportedArchs;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetPTX;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetPTXSize;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetProgramLog;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetProgramLogSize;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetSupportedArchs;
import static org.bytedeco.cuda.global.nvrtc.nvrtcVersion;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/** Compiles our kernels for a kind of GPU; once for a machine, source and version of NVRTC. */
final class Nvrtc {

  private final CacheFolder cache;
  private final int capability;
  private final String architecture;
  private final String version;

  /**
   * @param capability the GPU's compute capability, such as 90
   */
  Nvrtc(CacheFolder cache, int capability) {
    this.cache = cache;
    this.capability = capability;
    architecture = architecture(capability, supported());
    version = version();
  }

  private static int[] supported() {
    int[] count = new int[1];
    check(nvrtcGetNumSupportedArchs(count), "nvrtcGetNumSupportedArchs");
    int[] architectures = new int[count[0]];
    check(nvrtcGetSupportedArchs(architectures), "nvrtcGetSupportedArchs");
    return architectures;
  }

  /** The version of the library, such as 13.0. */
  static String version() {
    int[] major = new int[1];
    int[] minor = new int[1];
    check(nvrtcVersion(major, minor), "nvrtcVersion");
    return major[0] + "." + minor[0];
  }

  /**
   * What to compile for: machine code of the newest architecture up to the GPU's if that is of the
   * same generation, which its machine code runs on; else code that the driver goes on compiling.
   */
  static String architecture(int capability, int[] supported) {
    int newest = Arrays.stream(supported).filter(arch -> arch <= capability).max().orElse(0);
    if (newest == 0) {
      throw new IllegalStateException(
          "NVRTC does not compile for computeCapability=%d.%d, expected one of %s"
              .formatted(capability / 10, capability % 10, Arrays.toString(supported)));
    }
    return (newest / 10 == capability / 10 ? "sm_" : "compute_") + newest;
  }

  /** The kernels of a file as the driver loads them, from the cache if they are in it. */
  byte[] compiled(String file, Element element) {
    String source = KernelSource.of(file);
    List<String> options = options(element);
    String name =
        "%s-%s-%s-%s.bin"
            .formatted(
                file, element, architecture, digest(source + options + version).substring(0, 16));
    return cache
        .get(name)
        .orElseGet(
            () -> {
              byte[] made = compile(source, file + ".cu", options);
              cache.put(name, made);
              return made;
            });
  }

  private List<String> options(Element element) {
    List<String> options = new ArrayList<>();
    options.add("--gpu-architecture=" + architecture);
    options.add("--std=c++17");
    if (element == Element.BF16) {
      options.add("-DELEMENT_BF16");
    }
    return options;
  }

  private static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private byte[] compile(String source, String name, List<String> options) {
    _nvrtcProgram program = new _nvrtcProgram();
    try (BytePointer text = new BytePointer(source, StandardCharsets.UTF_8);
        BytePointer title = new BytePointer(name);
        PointerPointer<BytePointer> given = new PointerPointer<>(options.toArray(new String[0]))) {
      PointerPointer<Pointer> none = null;
      check(nvrtcCreateProgram(program, text, title, 0, none, none), "nvrtcCreateProgram");
      int status = nvrtcCompileProgram(program, options.size(), given);
      if (status != 0) {
        throw new IllegalStateException(
            "NVRTC %s refuses %s for computeCapability=%d.%d, options=%s: %s\n%s"
                .formatted(
                    version,
                    name,
                    capability / 10,
                    capability % 10,
                    options,
                    nvrtcGetErrorString(status).getString(),
                    log(program)));
      }
      return result(program);
    } finally {
      nvrtcDestroyProgram(program);
    }
  }

  private static String log(_nvrtcProgram program) {
    try (SizeTPointer size = new SizeTPointer(1)) {
      check(nvrtcGetProgramLogSize(program, size), "nvrtcGetProgramLogSize");
      byte[] text = new byte[(int) size.get()];
      check(nvrtcGetProgramLog(program, text), "nvrtcGetProgramLog");
      return new String(text, StandardCharsets.UTF_8).trim();
    }
  }

  private byte[] result(_nvrtcProgram program) {
    boolean isMachineCode = architecture.startsWith("sm_");
    try (SizeTPointer size = new SizeTPointer(1)) {
      check(
          isMachineCode ? nvrtcGetCUBINSize(program, size) : nvrtcGetPTXSize(program, size),
          "size of compiled kernels");
      byte[] code = new byte[(int) size.get()];
      check(
          isMachineCode ? nvrtcGetCUBIN(program, code) : nvrtcGetPTX(program, code),
          "compiled kernels");
      return code;
    }
  }

  private static void check(int status, String what) {
    if (status != 0) {
      throw new IllegalStateException(
          "%s: %s".formatted(what, nvrtcGetErrorString(status).getString()));
    }
  }
}
