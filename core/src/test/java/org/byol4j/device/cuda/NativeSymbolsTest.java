package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.NativeLibrary;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * That no call of ours reaches a function which a library lacks: JavaCPP binds lazily, so such a
 * call ends the process. What is called is read from our compiled classes, and what that becomes
 * from the JNI libraries.
 */
@Tag("cuda")
class NativeSymbolsTest {
  private static final String GLOBAL = "org.bytedeco.cuda.global";

  /** Of 64-bit ELF. */
  private static final int SECTION_BYTES = 64;

  private static final int SYMBOL_BYTES = 24;
  private static final int DYNAMIC_SYMBOLS = 11;

  private static final JavaClasses OURS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.byol4j.device");

  /** What cuda.h makes of a name, other than a version appended to it. */
  private static final Map<String, String> RENAMED =
      Map.of("cuGraphInstantiate", "cuGraphInstantiateWithFlags");

  /**
   * Functions of the driver that are called; each is in drivers that serve CUDA 12.0 and later, the
   * oldest that is admitted (the youngest, cuGraphInstantiateWithFlags, came with 11.4).
   */
  private static final List<String> OF_THE_DRIVER =
      List.of(
          "cuCtxSetCurrent",
          "cuDeviceGet",
          "cuDeviceGetName",
          "cuDeviceGetPCIBusId",
          "cuDevicePrimaryCtxRelease_v2",
          "cuDevicePrimaryCtxRetain",
          "cuDriverGetVersion",
          "cuEventCreate",
          "cuEventDestroy_v2",
          "cuEventRecord",
          "cuEventSynchronize",
          "cuGetErrorString",
          "cuGraphDestroy",
          "cuGraphExecDestroy",
          "cuGraphInstantiateWithFlags",
          "cuGraphLaunch",
          "cuInit",
          "cuLaunchKernel",
          "cuMemAllocHost_v2",
          "cuMemAlloc_v2",
          "cuMemFreeHost",
          "cuMemFree_v2",
          "cuMemGetInfo_v2",
          "cuMemcpyAsync",
          "cuMemsetD8Async",
          "cuModuleGetFunction",
          "cuModuleLoadData",
          "cuModuleUnload",
          "cuStreamBeginCapture_v2",
          "cuStreamCreate",
          "cuStreamDestroy_v2",
          "cuStreamEndCapture",
          "cuStreamQuery",
          "cuStreamSynchronize",
          "cuStreamWaitEvent");

  @Test
  void everyFunctionOfTheDriverIsInTheOldestOne() {
    assertThat(symbols("cudart")).containsExactlyElementsOf(new TreeSet<>(OF_THE_DRIVER));
  }

  @ParameterizedTest
  @ValueSource(strings = {"nvrtc", "cublas", "cudnn"})
  void everyFunctionIsInTheLibraryThatIsHere(String preset) {
    int line = CudaRuntime.requireClasses(getClass().getClassLoader());
    String file =
        CudaLibrary.needed(line).stream()
            .map(CudaLibrary::file)
            // products are cublasLt's
            .filter(
                name -> name.startsWith("lib" + (preset.equals("cublas") ? "cublasLt" : preset)))
            .findFirst()
            .orElseThrow();

    expectIn(NativeLibrary.getInstance(file), symbols(preset));
  }

  @Test
  void everyFunctionOfNcclIsInTheOneThatIsHere() {
    NativeLibrary library = null;
    try {
      library = NativeLibrary.getInstance("libnccl.so.2");
    } catch (UnsatisfiedLinkError e) {
      assumeTrue(false, "libnccl.so.2 is here: " + e.getMessage());
    }

    expectIn(library, symbols("nccl"));
  }

  @Test
  void everyFunctionOfTheDriverIsInTheOneThatIsHere() {
    NativeLibrary driver = NativeLibrary.getInstance("libcuda.so.1");
    assumeTrue(has(driver, "cuInit"), "libcuda.so.1 is a driver and no stub");

    expectIn(driver, symbols("cudart"));
  }

  private static void expectIn(NativeLibrary library, Set<String> symbols) {
    assertThat(symbols).isNotEmpty();
    assertThat(symbols.stream().filter(symbol -> !has(library, symbol)))
        .as("what %s lacks", library.getFile())
        .isEmpty();
  }

  private static boolean has(NativeLibrary library, String symbol) {
    try {
      library.getFunction(symbol);
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  /** The native functions that our calls of a preset's class become. */
  private static Set<String> symbols(String preset) {
    Set<String> imported = importedBy(preset);
    return called(preset).stream()
        .map(name -> symbol(name, imported))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String symbol(String name, Set<String> imported) {
    String renamed = RENAMED.getOrDefault(name, name);
    List<String> found =
        imported.stream().filter(symbol -> symbol.matches(renamed + "(_v\\d+)?")).toList();
    assertThat(found).as("what the JNI library imports for %s", name).hasSize(1);
    return found.get(0);
  }

  /** The methods of a preset's class that our classes call. */
  private static Set<String> called(String preset) {
    return OURS.stream()
        .flatMap(type -> type.getMethodCallsFromSelf().stream())
        .filter(call -> call.getTargetOwner().getName().equals(GLOBAL + "." + preset))
        .map(call -> call.getTarget().getName())
        .collect(Collectors.toSet());
  }

  /** The names that a preset's JNI library leaves to other libraries: its ELF dynamic symbols. */
  private static Set<String> importedBy(String preset) {
    String name = "/org/bytedeco/cuda/linux-x86_64/libjni%s.so".formatted(preset);
    ByteBuffer file;
    try (InputStream in = NativeSymbolsTest.class.getResourceAsStream(name)) {
      file = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
    int sections = (int) file.getLong(0x28);
    int count = file.getShort(0x3c);
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < count; i++) {
      int section = sections + i * SECTION_BYTES;
      if (file.getInt(section + 4) != DYNAMIC_SYMBOLS) {
        continue;
      }
      int strings = sections + file.getInt(section + 40) * SECTION_BYTES;
      long firstString = file.getLong(strings + 24);
      long first = file.getLong(section + 24);
      for (long at = first; at < first + file.getLong(section + 32); at += SYMBOL_BYTES) {
        if (file.getShort((int) at + 6) == 0) {
          names.add(text(file, (int) firstString + file.getInt((int) at)));
        }
      }
    }
    return names;
  }

  private static String text(ByteBuffer file, int from) {
    int end = from;
    while (file.get(end) != 0) {
      end++;
    }
    byte[] bytes = new byte[end - from];
    file.get(from, bytes);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
