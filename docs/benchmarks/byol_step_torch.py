#!/usr/bin/env python3
"""A whole BYOL step in PyTorch on a CPU or a GPU, timed: the peer that `bin/byol4j bench step` is compared with.

The step is Grill et al. 2020: two views through the online network (ResNet, projector, predictor) and the target
network (ResNet, projector), the loss over both directions, backward, SGD with momentum, EMA of the target. Networks are
torchvision's ResNets without the classifier. Images are random and made once: no data pipeline is measured.

Defaults are the fastest settings that were found for this workload (docs/benchmarks/README.md): channels_last, oneDNN on,
fused SGD, EMA by torch._foreach, eager, and an allocator that keeps its memory between steps. On a GPU (--device cuda):
channels_last, cudnn.benchmark, images that lie on it, and with --precision bf16 autocast. Prints one line of JSON with the
same keys as ours; peak_gpu_mb is what the allocator reserved.
"""

import argparse
import copy
import json
import os
import resource
import statistics
import sys
import time


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", choices=["resnet18", "resnet34", "resnet50", "resnet101"], default="resnet18")
    parser.add_argument("--stem", choices=["cifar", "imagenet"], default="cifar")
    parser.add_argument("--image", type=int, default=32, help="height and width of a view")
    parser.add_argument("--batch", type=int, default=64, help="source images per step; each gives two views")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=10, help="timed steps, after --warmup untimed ones")
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--hidden", type=int, default=4096, help="width of the heads' hidden layer")
    parser.add_argument("--output", type=int, default=256, help="width of projections and predictions")
    parser.add_argument("--layout", choices=["channels_last", "contiguous"], default="channels_last")
    parser.add_argument(
        "--views",
        choices=["both", "one"],
        default="both",
        help="both: forward both views, then one backward, as usual; one: a backward after each view's forward, "
        "which keeps only one view's activations (the gradient is the same, the loss is a sum over views)",
    )
    parser.add_argument(
        "--malloc",
        choices=["keep", "system"],
        default="keep",
        help="keep: glibc reuses large blocks in huge pages instead of returning them to the kernel after each use",
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--precision", choices=["fp32", "tf32", "bf16"], default="fp32")
    parser.add_argument("--compile", action="store_true", help="torch.compile the networks (needs a C++ compiler, on a GPU Triton)")
    return parser.parse_args()


ARGUMENTS = parse()
if ARGUMENTS.malloc == "keep" and "GLIBC_TUNABLES" not in os.environ:  # read by the loader only
    settings = ("mmap_threshold=4294967296", "trim_threshold=17179869184", "hugetlb=1")
    os.environ["GLIBC_TUNABLES"] = ":".join("glibc.malloc." + setting for setting in settings)
    os.execv(sys.executable, [sys.executable, *sys.argv])
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # read when torch is loaded
    os.environ[variable] = str(ARGUMENTS.threads)

import torch  # noqa: E402
from torch import nn  # noqa: E402

from byol_networks_torch import head, regression, resnet  # noqa: E402


def main():
    torch.set_num_threads(ARGUMENTS.threads)
    torch.manual_seed(1)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = ARGUMENTS.precision == "tf32"
    device = torch.device(ARGUMENTS.device)
    layout = torch.channels_last if ARGUMENTS.layout == "channels_last" else torch.contiguous_format
    backbone, features = resnet(ARGUMENTS.backbone, ARGUMENTS.stem)
    encoder = nn.Sequential(backbone, head(features, ARGUMENTS.hidden, ARGUMENTS.output))
    encoder = encoder.to(device, memory_format=layout)
    target = copy.deepcopy(encoder).requires_grad_(False)
    online = nn.Sequential(encoder, head(ARGUMENTS.output, ARGUMENTS.hidden, ARGUMENTS.output).to(device))
    optimizer = torch.optim.SGD(online.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-6, fused=True)
    online_weights, target_weights = list(encoder.parameters()), list(target.parameters())
    if ARGUMENTS.compile:
        online, target = torch.compile(online), torch.compile(target)

    shape = (ARGUMENTS.batch, 3, ARGUMENTS.image, ARGUMENTS.image)
    view1 = torch.randn(shape)
    view2 = view1 + 0.5 * torch.randn(shape)
    view1, view2 = (view.to(device).contiguous(memory_format=layout) for view in (view1, view2))

    def learn(view, other):
        with torch.autocast(device.type, torch.bfloat16, enabled=ARGUMENTS.precision == "bf16"):
            prediction = online(view)
            with torch.no_grad():
                projection = target(other)
        return regression(prediction.float(), projection.float())

    def step():
        optimizer.zero_grad(set_to_none=True)
        if ARGUMENTS.views == "both":
            loss = learn(view1, view2) + learn(view2, view1)
            loss.backward()
        else:
            loss = 0.0
            for view, other in ((view1, view2), (view2, view1)):
                term = learn(view, other)
                term.backward()
                loss = loss + term.detach()
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(target_weights, online_weights, 0.01)
        return loss.item()  # waits for all that was started

    def synchronize():
        if device.type == "cuda":
            torch.cuda.synchronize()

    losses = [step() for _ in range(ARGUMENTS.warmup)]
    seconds = []
    for _ in range(ARGUMENTS.steps):
        start = time.perf_counter()
        losses.append(step())
        synchronize()
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    result = {
        "img_per_s": round(ARGUMENTS.batch / median, 3),
        "median_s": round(median, 5),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "peak_gpu_mb": round(torch.cuda.max_memory_reserved() / 2**20, 1) if device.type == "cuda" else 0,
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "precision": ARGUMENTS.precision,
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "torch": torch.__version__,
        "settings": f"{ARGUMENTS.layout}, views {ARGUMENTS.views}, malloc {ARGUMENTS.malloc}, "
        + ("compiled" if ARGUMENTS.compile else "eager"),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
