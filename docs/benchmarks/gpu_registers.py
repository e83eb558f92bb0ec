#!/usr/bin/env python3
"""Registers, spills and bytes in flight of the kernels of batchnorm.cu, as ptxas reports them; needs no GPU.

    gpu_registers.py .../libnvrtc.so.13 core/src/main/resources/org/byol4j/device/cuda 90

Bytes in flight on a multiprocessor: threads that run together, times the loads that each has under way at once.
"""

import ctypes
import re
import sys

THREADS = 256
AHEAD = 4
LOAD_BYTES = 16
TENSORS_READ = {"moments": 1, "normalize": 1, "backward_sums": 2, "backward_apply": 2, "column_sums": 1}
REGISTERS, RESIDENT_THREADS, SHARED_BYTES = 65536, 2048, 227 * 1024  # of an H100's or H200's multiprocessor


def report(nvrtc, source, architecture, options):
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"batchnorm.cu", 0, None, None)
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
    source = "".join(open(f"{folder}/{name}.cu").read() for name in ("common", "batchnorm"))
    print("| kernel | elements | registers | spilled bytes | blocks together | KB in flight |")
    print("|---|---|---|---|---|---|")
    for element, options in (("bf16", ["-DELEMENT_BF16"]), ("fp32", [])):
        log = report(nvrtc, source, architecture, options)
        for kernel, rest in re.findall(r"entry function '(\w+)'(.*?)(?=entry function|$)", log, re.S):
            if kernel not in TENSORS_READ:
                continue
            registers = int(re.search(r"Used (\d+) registers", rest)[1])
            spilled = int(re.search(r"(\d+) bytes spill stores", rest)[1])
            shared = re.search(r"(\d+) bytes smem", rest)
            together = min(RESIDENT_THREADS // THREADS, REGISTERS // (-(-registers // 8) * 8 * THREADS))
            if shared:
                together = min(together, SHARED_BYTES // (int(shared[1]) + 1024))
            flight = together * THREADS * AHEAD * LOAD_BYTES * TENSORS_READ[kernel] // 1024
            print(f"| {kernel} | {element} | {registers} | {spilled} | {together} | {flight} |")


if __name__ == "__main__":
    main()
