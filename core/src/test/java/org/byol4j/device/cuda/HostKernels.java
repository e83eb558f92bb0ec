package org.byol4j.device.cuda;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** Our kernels, compiled by the host's C++ compiler over {@code host_gpu.h}. */
final class HostKernels {
  private static final Pattern KERNEL = Pattern.compile("__global__ void (\\w+)");

  private HostKernels() {}

  /** Whether this machine can: x86-64 Linux with {@code g++}. */
  static boolean areAvailable() {
    if (!System.getProperty("os.arch").equals("amd64")) {
      return false;
    }
    try {
      return run(List.of("g++", "--version")).isEmpty();
    } catch (UncheckedIOException e) {
      return false;
    }
  }

  /** The kernels for activations of such elements, compiled once for the process. */
  static NativeLibrary of(Element element) {
    return element == Element.BF16 ? OfBf16.LIBRARY : OfFp32.LIBRARY;
  }

  /** The names of the kernels in a file. */
  static List<String> names(String file) {
    return KERNEL.matcher(KernelSource.text(file)).results().map(match -> match.group(1)).toList();
  }

  private static final class OfFp32 {
    private static final NativeLibrary LIBRARY = compile(Element.FP32);
  }

  private static final class OfBf16 {
    private static final NativeLibrary LIBRARY = compile(Element.BF16);
  }

  private static NativeLibrary compile(Element element) {
    try {
      Path folder = Files.createTempDirectory("byol4j-host-kernels");
      Path source = folder.resolve("kernels.cpp");
      Path library = folder.resolve("kernels.so");
      Files.writeString(source, source(element));
      String errors =
          run(
              List.of(
                  "g++",
                  "-std=c++17",
                  "-O2",
                  "-march=native",
                  "-ffp-contract=off",
                  "-fno-strict-aliasing",
                  // the libraries of both kinds of elements are in one process
                  "-fvisibility=hidden",
                  "-fno-gnu-unique",
                  "-shared",
                  "-fPIC",
                  "-o",
                  library.toString(),
                  source.toString()));
      if (!errors.isEmpty()) {
        throw new IllegalStateException("g++ refuses our kernels:\n" + errors);
      }
      NativeLibrary loaded = NativeLibrary.getInstance(library.toString());
      // what is loaded needs no name any more
      Files.delete(source);
      Files.delete(library);
      Files.delete(folder);
      return loaded;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String source(Element element) {
    StringBuilder text = new StringBuilder();
    if (element == Element.BF16) {
      text.append("#define ELEMENT_BF16\n");
    }
    text.append(resource("host_gpu.h")).append(KernelSource.text(KernelSource.COMMON));
    for (String file : KernelSource.FILES) {
      text.append("namespace %s_file {\n%s\n".formatted(file, KernelSource.text(file)));
      names(file).forEach(name -> text.append("LAUNCHER(%s)\n".formatted(name)));
      text.append("}\n");
    }
    return text.append(resource("host_convolution.cpp")).toString();
  }

  private static String resource(String name) {
    try (InputStream in = HostKernels.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a command; returns what it said if it failed. */
  static String run(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? "" : said;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
