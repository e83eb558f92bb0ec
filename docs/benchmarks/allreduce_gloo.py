#!/usr/bin/env python3
"""All-reduce of PyTorch's gloo over processes on loopback, timed: the peer of `bin/byol4j bench allreduce`.

Each process sums a float32 tensor of the same size in place, as DistributedDataParallel does on CPUs. Small messages
are warmed up by 20000 sums, large ones by 5, as ours are; the result is rank 0's median. Prints one line of JSON with
the same keys as ours.
"""

import argparse
import json
import os
import socket
import statistics
import time

VECTOR_BYTES = 1 << 16


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def run(rank, arguments, port, results):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), GLOO_SOCKET_IFNAME="lo")
    import torch
    import torch.distributed as distributed

    torch.set_num_threads(arguments.threads)
    distributed.init_process_group("gloo", rank=rank, world_size=arguments.replicas)
    values = torch.zeros(arguments.bytes // 4)
    seconds = []
    for iteration in range(-arguments.warmup, arguments.iterations):
        start = time.perf_counter()
        distributed.all_reduce(values)
        if iteration >= 0:
            seconds.append(time.perf_counter() - start)
    distributed.barrier()
    if rank == 0:
        results.put((torch.__version__, seconds))
    distributed.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicas", type=int, required=True)
    parser.add_argument("--bytes", type=int, required=True)
    parser.add_argument("--iterations", type=int, default=0, help="timed sums; 0: as many as ours takes")
    parser.add_argument("--threads", type=int, default=1, help="torch's compute threads in each process")
    arguments = parser.parse_args()
    arguments.iterations = arguments.iterations or max(10, min(5000, 4_000_000_000 // arguments.bytes))
    arguments.warmup = 20_000 if arguments.bytes < VECTOR_BYTES else 5

    import torch.multiprocessing as multiprocessing

    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    port = free_port()
    processes = [context.Process(target=run, args=(r, arguments, port, results)) for r in range(arguments.replicas)]
    for process in processes:
        process.start()
    version, seconds = results.get()
    for process in processes:
        process.join()
    median = statistics.median(seconds)
    print(
        json.dumps(
            {
                "torch": version,
                "replicas": arguments.replicas,
                "bytes": arguments.bytes,
                "iterations": len(seconds),
                "p50_us": median * 1e6,
                "p99_us": sorted(seconds)[int(0.99 * (len(seconds) - 1))] * 1e6,
                "algbw_gb_s": arguments.bytes / median / 1e9,
            }
        )
    )


if __name__ == "__main__":
    main()
