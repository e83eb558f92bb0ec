#!/usr/bin/env python3
"""A whole BYOL step in PyTorch on the CPU, timed: the peer that `bin/byol4j bench step` is compared with.

The step is Grill et al. 2020: two views through the online network (ResNet, projector, predictor) and the target
network (ResNet, projector), the loss over both directions, backward, SGD with momentum, EMA of the target. Networks are
torchvision's ResNets without the classifier. Images are random and made once: no data pipeline is measured.

Defaults are the fastest settings that were found for this workload (docs/benchmarks/README.md): channels_last, oneDNN on,
fused SGD, EMA by torch._foreach, eager, and an allocator that keeps its memory between steps. Prints one line of JSON with
the same keys as ours.
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
    parser.add_argument("--compile", action="store_true", help="torch.compile the networks (needs a C++ compiler)")
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
from torch.nn import functional  # noqa: E402


def conv(inputs, outputs, size, stride=1):
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, channels, 3, stride), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = conv(channels, channels, 3), nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(inputs, channels, stride)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inputs, channels, stride):
        super().__init__()
        outputs = channels * self.expansion
        self.conv1, self.bn1 = conv(inputs, channels, 1), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = conv(channels, channels, 3, stride), nn.BatchNorm2d(channels)
        self.conv3, self.bn3 = conv(channels, outputs, 1), nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


def shortcut(inputs, outputs, stride):
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))


RESNETS = {
    "resnet18": (BasicBlock, (2, 2, 2, 2)),
    "resnet34": (BasicBlock, (3, 4, 6, 3)),
    "resnet50": (Bottleneck, (3, 4, 6, 3)),
    "resnet101": (Bottleneck, (3, 4, 23, 3)),
}


def resnet(name, stem):
    """The backbone up to the average pooling, and how many features it has."""
    block, depths = RESNETS[name]
    if stem == "cifar":
        layers = [conv(3, 64, 3), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    else:
        layers = [conv(3, 64, 7, 2), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    features = 64
    for group, depth in enumerate(depths):
        for index in range(depth):
            stride = 2 if group > 0 and index == 0 else 1
            layers.append(block(features, 64 << group, stride))
            features = (64 << group) * block.expansion
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    for layer in nn.ModuleList(layers).modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(*layers), features


def head(inputs, hidden, outputs):
    return nn.Sequential(
        nn.Linear(inputs, hidden), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True), nn.Linear(hidden, outputs, bias=False)
    )


def regression(prediction, projection):
    """The mean of ‖q̂ − ẑ'‖² = 2 − 2cos (Grill et al. 2020, eq. 2)."""
    return (2 - 2 * functional.cosine_similarity(prediction, projection)).mean()


def main():
    torch.set_num_threads(ARGUMENTS.threads)
    torch.manual_seed(1)
    layout = torch.channels_last if ARGUMENTS.layout == "channels_last" else torch.contiguous_format
    backbone, features = resnet(ARGUMENTS.backbone, ARGUMENTS.stem)
    encoder = nn.Sequential(backbone, head(features, ARGUMENTS.hidden, ARGUMENTS.output)).to(memory_format=layout)
    target = copy.deepcopy(encoder).requires_grad_(False)
    online = nn.Sequential(encoder, head(ARGUMENTS.output, ARGUMENTS.hidden, ARGUMENTS.output))
    optimizer = torch.optim.SGD(online.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-6, fused=True)
    online_weights, target_weights = list(encoder.parameters()), list(target.parameters())
    if ARGUMENTS.compile:
        online, target = torch.compile(online), torch.compile(target)

    shape = (ARGUMENTS.batch, 3, ARGUMENTS.image, ARGUMENTS.image)
    view1 = torch.randn(shape).contiguous(memory_format=layout)
    view2 = (view1 + 0.5 * torch.randn(shape)).contiguous(memory_format=layout)

    def learn(view, other):
        prediction = online(view)
        with torch.no_grad():
            projection = target(other)
        return regression(prediction, projection)

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
        return loss.item()

    losses = [step() for _ in range(ARGUMENTS.warmup)]
    seconds = []
    for _ in range(ARGUMENTS.steps):
        start = time.perf_counter()
        losses.append(step())
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    result = {
        "img_per_s": round(ARGUMENTS.batch / median, 3),
        "median_s": round(median, 5),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "precision": "fp32",
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "torch": torch.__version__,
        "settings": f"{ARGUMENTS.layout}, views {ARGUMENTS.views}, malloc {ARGUMENTS.malloc}, "
        + ("compiled" if ARGUMENTS.compile else "eager"),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
