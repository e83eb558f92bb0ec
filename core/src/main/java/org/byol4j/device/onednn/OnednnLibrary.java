package org.byol4j.device.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2_vnni;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2_vnni_2;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_amx;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_amx_fp16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_fp16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_vnni;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_sse41;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;
import static org.bytedeco.dnnl.global.dnnl.dnnl_version;

import java.util.Map;
import org.byol4j.device.DeviceUnavailableException;
import org.bytedeco.dnnl.dnnl_version_t;

/** oneDNN's natives, loaded once for the process, and what there is to know about them. */
final class OnednnLibrary {

  private static final Map<Integer, String> INSTRUCTION_SETS =
      Map.ofEntries(
          Map.entry(dnnl_cpu_isa_sse41, "sse41"),
          Map.entry(dnnl_cpu_isa_avx, "avx"),
          Map.entry(dnnl_cpu_isa_avx2, "avx2"),
          Map.entry(dnnl_cpu_isa_avx2_vnni, "avx2_vnni"),
          Map.entry(dnnl_cpu_isa_avx2_vnni_2, "avx2_vnni_2"),
          Map.entry(dnnl_cpu_isa_avx512_core, "avx512_core"),
          Map.entry(dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"),
          Map.entry(dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"),
          Map.entry(dnnl_cpu_isa_avx512_core_fp16, "avx512_core_fp16"),
          Map.entry(dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"),
          Map.entry(dnnl_cpu_isa_avx512_core_amx_fp16, "avx512_core_amx_fp16"));

  private final String version;
  private final String instructionSet;
  private final OpenMp openMp;

  private OnednnLibrary() {
    dnnl_version_t linked = dnnl_version();
    version =
        "%d.%d.%d %s"
            .formatted(linked.major(), linked.minor(), linked.patch(), linked.hash().getString());
    int isa = dnnl_get_effective_cpu_isa();
    instructionSet = INSTRUCTION_SETS.getOrDefault(isa, "0x" + Integer.toHexString(isa));
    openMp = OpenMp.mapped();
  }

  /**
   * Loads the natives, the first time.
   *
   * @throws DeviceUnavailableException if they are missing or made for another system
   */
  static OnednnLibrary load() {
    try {
      return Loaded.LIBRARY;
    } catch (LinkageError e) {
      throw new DeviceUnavailableException(
          ("cannot load oneDNN: library=jnidnnl os=%s arch=%s; expected the natives of"
                  + " org.bytedeco:dnnl, org.bytedeco:opencl and org.bytedeco:javacpp for this"
                  + " system on the class path (classifier linux-x86_64): %s")
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch"), e),
          e);
    }
  }

  /** Version and commit. */
  String version() {
    return version;
  }

  /** The widest instruction set that its kernels use here. */
  String instructionSet() {
    return instructionSet;
  }

  OpenMp openMp() {
    return openMp;
  }

  private static final class Loaded {
    static final OnednnLibrary LIBRARY = new OnednnLibrary();
  }
}
