#!/usr/bin/env python3
"""Registers, spills and bytes in flight of the kernels of batchnorm.cu and pooling.cu, as ptxas reports them; needs no GPU.

    gpu_registers.py .../libnvrtc.so.13 core/src/main/resources/org/byol4j/device/cuda 90

Bytes in flight on a multiprocessor: threads that run together, times the loads that each has under way at once.
"""

import ctypes
import re
import sys

THREADS = 256
# loads of 16 bytes that a thread has under way at once
LOADS = {
    "batchnorm": {"moments": 4, "normalize": 4, "backward_sums": 8, "backward_apply": 8, "column_sums": 4},
    # windows of 3 by 3 at a stride of 2: a pixel lies in at most two of a row
    "pooling": {"max_pool": 3, "max_pool_backward": 2, "average_pool": 4},
}
LOAD_BYTES = 16
REGISTERS, RESIDENT_THREADS, SHARED_BYTES = 65536, 2048, 227 * 1024  # of an H100's or H200's multiprocessor


def report(nvrtc, source, architecture, options):
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"kernels.cu", 0, None, None)
    given = [f"--gpu-architecture=sm_{architecture}", "--std=c++17", "--ptxas-options=-v", *options]
    given = [option.encode() for option in given]
    failed = nvrtc.nvrtcCompileProgram(program, len(given), (ctypes.c_char_p * len(given))(*given))
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    text = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, text)
    if failed:
        sys.exit(text.value.decode())
    return text.value.decode()


def main():
    library, folder, architecture = sys.argv[1:]
    nvrtc = ctypes.CDLL(library)
    print("| kernel | elements | registers | spilled bytes | blocks together | KB in flight |")
    print("|---|---|---|---|---|---|")
    for file, loads in LOADS.items():
        source = "".join(open(f"{folder}/{name}.cu").read() for name in ("common", file))
        for element, options in (("bf16", ["-DELEMENT_BF16"]), ("fp32", [])):
            log = report(nvrtc, source, architecture, options)
            for kernel, rest in re.findall(r"entry function '(\w+)'(.*?)(?=entry function|$)", log, re.S):
                if kernel in loads:
                    print(row(kernel, element, rest, loads[kernel]))


def row(kernel, element, rest, loads):
    registers = int(re.search(r"Used (\d+) registers", rest)[1])
    spilled = int(re.search(r"(\d+) bytes spill stores", rest)[1])
    shared = re.search(r"(\d+) bytes smem", rest)
    together = min(RESIDENT_THREADS // THREADS, REGISTERS // (-(-registers // 8) * 8 * THREADS))
    if shared:
        together = min(together, SHARED_BYTES // (int(shared[1]) + 1024))
    flight = together * THREADS * loads * LOAD_BYTES // 1024
    return f"| {kernel} | {element} | {registers} | {spilled} | {together} | {flight} |"


if __name__ == "__main__":
    main()
