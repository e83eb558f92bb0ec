#!/usr/bin/env python3
"""BYOL on CIFAR-10 in PyTorch for so many minutes, with the recipe of conf/cifar10-resnet18.conf: what a run of ours is held against.

    byol_learn_torch.py cifar-10-train.tar.gz --minutes 7 --precision bf16 --device cuda

ResNet-18, heads of 4096 and 256, LARS as solo-learn has it, half a cosine after ten epochs of warm-up, target decay from 0.99.
The images lie on the device as bytes; both views are made there, whole batches at a time, since torchvision's pipeline on the
CPU would not keep a GPU busy. Against ours the colours of a batch come in one order instead of one for each image.

The number of epochs is what fits into the minutes, from the speed of the first steps. Writes a line of JSON for each
evaluation (kNN with k = 200 among 10,000 training images, of which every fifth is a query, as knn.* of ours), and one at the end.
"""

import argparse
import copy
import io
import json
import math
import tarfile
import time

import numpy
import PIL.Image
import torch
from torch import nn
from torch.nn import functional

from byol_networks_torch import head, regression, resnet

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
SIZE = 32
WARMUP_EPOCHS = 10
BASE_RATE, TRUST, WEIGHT_DECAY, MOMENTUM, BASE_DECAY = 1.0, 0.02, 1e-5, 0.9, 0.99
EVALUATIONS = 8


def read(path):
    """Images [n, 3, 32, 32] in bytes in the bytewise order of their paths, and the classes, which are folders."""
    images, labels, classes = [], [], {}
    with tarfile.open(path) as archive:
        contents = {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}
    for name in sorted((n for n in contents if n.endswith((".png", ".jpg"))), key=str.encode):
        image = numpy.asarray(PIL.Image.open(io.BytesIO(contents[name])).convert("RGB"))
        images.append(image.transpose(2, 0, 1))
        labels.append(classes.setdefault(name.split("/")[-2], len(classes)))
    return torch.from_numpy(numpy.stack(images)), torch.tensor(labels)


class Views:
    """Random views as torchvision makes them: crops, flips, colours, gray, solarize; no blur."""

    def __init__(self, device, generator):
        self.device, self.generator = device, generator
        self.mean = torch.tensor(MEAN, device=device).view(1, 3, 1, 1)
        self.std = torch.tensor(STD, device=device).view(1, 3, 1, 1)

    def uniform(self, n, low, high):
        values = torch.rand(n, generator=self.generator, device=self.device)
        return (low + (high - low) * values).view(n, 1, 1, 1)

    def chance(self, n, share):
        return self.uniform(n, 0, 1) < share

    def normalize(self, images):
        return ((images - self.mean) / self.std).contiguous(memory_format=torch.channels_last)

    def crop(self, images):
        n = len(images)
        area = self.uniform(n, 0.08, 1).flatten()
        aspect = torch.exp(self.uniform(n, math.log(3 / 4), math.log(4 / 3)).flatten())
        width, height = (area * aspect).sqrt().clamp(max=1), (area / aspect).sqrt().clamp(max=1)
        x = (2 * self.uniform(n, 0, 1).flatten() - 1) * (1 - width)
        y = (2 * self.uniform(n, 0, 1).flatten() - 1) * (1 - height)
        width = torch.where(self.chance(n, 0.5).flatten(), -width, width)
        zero = torch.zeros_like(x)
        transform = torch.stack([width, zero, x, zero, height, y], 1).view(n, 2, 3)
        grid = functional.affine_grid(transform, images.shape, align_corners=False)
        return functional.grid_sample(images, grid, "bicubic", "border", align_corners=False).clamp(0, 1)

    def jitter(self, images):
        n = len(images)

        def toward(other, factor):
            return lambda x: (factor * x + (1 - factor) * other(x)).clamp(0, 1)

        def hue(x):
            # a turn about the gray axis of YIQ, by up to a tenth of a circle
            angle = 2 * math.pi * self.uniform(n, -0.1, 0.1).flatten()
            to = x.new_tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.321], [0.211, -0.523, 0.311]])
            zero, one = torch.zeros_like(angle), torch.ones_like(angle)
            turn = torch.stack(
                [one, zero, zero, zero, angle.cos(), -angle.sin(), zero, angle.sin(), angle.cos()], 1).view(n, 3, 3)
            return torch.einsum("nij,njhw->nihw", torch.linalg.inv(to) @ turn @ to, x).clamp(0, 1)

        operations = [
            toward(torch.zeros_like, self.uniform(n, 0.6, 1.4)),
            toward(lambda x: gray(x).mean((1, 2, 3), keepdim=True), self.uniform(n, 0.6, 1.4)),
            toward(gray, self.uniform(n, 0.8, 1.2)),
            hue,
        ]
        changed = images
        for index in numpy.random.permutation(4):
            changed = operations[index](changed)
        return torch.where(self.chance(n, 0.8), changed, images)

    def make(self, pixels, solarize):
        images = self.jitter(self.crop(pixels.float() / 255))
        images = torch.where(self.chance(len(images), 0.2), gray(images), images)
        images = torch.where(self.chance(len(images), solarize) & (images >= 0.5), 1 - images, images)
        return self.normalize(images)


def gray(images):
    weights = images.new_tensor([0.2989, 0.587, 0.114]).view(1, 3, 1, 1)
    return (images * weights).sum(1, keepdim=True).expand_as(images)


class Lars:
    """Momentum whose updates are scaled by a ratio for each tensor (You et al. 2017), clipped as in solo-learn."""

    def __init__(self, parameters):
        self.parameters = list(parameters)
        self.momentum = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self, rate):
        adapted = [p.ndim > 1 for p in self.parameters]
        gradients = [p.grad for p in self.parameters]
        matrices = [(p, g) for p, g, is_adapted in zip(self.parameters, gradients, adapted) if is_adapted]
        weight_norms = torch.stack(torch._foreach_norm([p for p, _ in matrices]))
        gradient_norms = torch.stack(torch._foreach_norm([g for _, g in matrices]))
        trust = TRUST * weight_norms / (gradient_norms + WEIGHT_DECAY * weight_norms + 1e-8)
        trust = torch.where((weight_norms == 0) | (gradient_norms == 0), 1.0, (trust / rate).clamp(max=1))
        torch._foreach_add_([g for _, g in matrices], [p for p, _ in matrices], alpha=WEIGHT_DECAY)
        torch._foreach_mul_([g for _, g in matrices], list(trust.unbind()))
        torch._foreach_mul_(self.momentum, MOMENTUM)
        torch._foreach_add_(self.momentum, gradients)
        torch._foreach_add_(self.parameters, self.momentum, alpha=-rate)


@torch.no_grad()
def knn(backbone, pixels, labels, views, autocast, size=10_000, k=200, temperature=0.1):
    """Top-1 of every fifth image among the others, weighted by exp(cosine / temperature) (Wu et al. 2018)."""
    chosen = torch.arange(min(size, len(pixels))) * len(pixels) // min(size, len(pixels))
    was = backbone.training
    backbone.eval()
    with autocast():
        features = torch.cat([
            backbone(views.normalize(pixels[part].float() / 255)).float() for part in chosen.to(pixels.device).split(1000)])
    backbone.train(was)
    features, classes = functional.normalize(features), labels[chosen.to(labels.device)]
    query = torch.arange(len(chosen), device=features.device) % 5 == 0
    near, place = (features[query] @ features[~query].T).topk(min(k, int((~query).sum())))
    votes = torch.zeros(len(near), int(labels.max()) + 1, device=near.device)
    votes.scatter_add_(1, classes[~query][place], (near / temperature).exp())
    return (votes.argmax(1) == classes[query]).float().mean().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", help="a .tar.gz of images in folders of their class")
    parser.add_argument("--minutes", type=float, default=7)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--precision", choices=["tf32", "bf16"], default="bf16")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--calibration", type=int, default=30, help="steps that are timed to tell how many fit")
    parser.add_argument("--limit", type=int, help="use so many images only, evenly spaced")
    arguments = parser.parse_args()
    torch.manual_seed(1)
    numpy.random.seed(1)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
    device = torch.device(arguments.device)
    generator = torch.Generator(device).manual_seed(1)
    views = Views(device, generator)
    pixels, labels = read(arguments.images)
    if arguments.limit:
        some = torch.arange(arguments.limit) * len(pixels) // arguments.limit
        pixels, labels = pixels[some], labels[some]
    pixels, labels = pixels.to(device), labels.to(device)

    def autocast():
        return torch.autocast(device.type, torch.bfloat16, enabled=arguments.precision == "bf16")

    def networks():
        torch.manual_seed(1)
        backbone, features = resnet("resnet18", "cifar")
        encoder = nn.Sequential(backbone, head(features, 4096, 256)).to(device, memory_format=torch.channels_last)
        target = copy.deepcopy(encoder).requires_grad_(False)
        online = nn.Sequential(encoder, head(256, 4096, 256).to(device))
        return backbone, encoder, target, online, Lars(online.parameters())

    def train(state, batch, rate, decay, forward):
        _, encoder, target, online, optimizer = state
        first, second = views.make(pixels[batch], 0.0), views.make(pixels[batch], 0.2)
        with autocast(), torch.no_grad():
            projections = forward[1](second), forward[1](first)
        with autocast():
            predictions = forward[0](first), forward[0](second)
        loss = sum(regression(p.float(), z.float()) for p, z in zip(predictions, projections))
        for parameter in online.parameters():
            parameter.grad = None
        loss.backward()
        optimizer.step(rate)
        with torch.no_grad():
            torch._foreach_lerp_(list(target.parameters()), list(encoder.parameters()), 1 - decay)
        return loss.detach()

    def forwards(state):
        return [torch.compile(state[3]), torch.compile(state[2])] if arguments.compile else [state[3], state[2]]

    def wait():
        if device.type == "cuda":
            torch.cuda.synchronize()

    per_epoch = len(pixels) // arguments.batch
    throwaway = networks()
    forward = forwards(throwaway)
    for step in range(2 * arguments.calibration):
        if step == arguments.calibration:
            wait()
            start = time.perf_counter()
        train(throwaway, torch.randperm(len(pixels), device=device)[: arguments.batch], 1e-3, 0.99, forward)
    wait()
    step_seconds = (time.perf_counter() - start) / arguments.calibration
    epochs = max(1, int(arguments.minutes * 60 * 0.97 / step_seconds / per_epoch))

    state = networks()
    forward = forwards(state)
    total, warmup = epochs * per_epoch, WARMUP_EPOCHS * per_epoch
    rate_peak = BASE_RATE * arguments.batch / 256
    begin = time.perf_counter()
    evaluated = 0.0
    loss = torch.zeros((), device=device)
    for epoch in range(epochs):
        order = torch.randperm(len(pixels), generator=generator, device=device)
        for index in range(per_epoch):
            step = epoch * per_epoch + index
            if step < warmup:
                rate = rate_peak * (step + 1) / warmup
            else:
                rate = rate_peak * (math.cos(math.pi * (step - warmup) / max(1, total - warmup)) + 1) / 2
            decay = 1 - (1 - BASE_DECAY) * (math.cos(math.pi * step / total) + 1) / 2
            batch = order[index * arguments.batch : (index + 1) * arguments.batch]
            loss = train(state, batch, rate, decay, forward)
        if (epoch + 1) % max(1, epochs // EVALUATIONS) == 0 or epoch + 1 == epochs:
            wait()
            start = time.perf_counter()
            top1 = knn(state[0], pixels, labels, views, autocast)
            evaluated += time.perf_counter() - start
            seconds = time.perf_counter() - begin - evaluated
            line = {"epoch": epoch + 1, "seconds": round(seconds, 2), "loss": loss.item(), "knn_top1": top1}
            print(json.dumps(line), flush=True)
    wait()
    seconds = time.perf_counter() - begin - evaluated
    print(json.dumps({
        "epochs": epochs,
        "img_per_s": round(total * arguments.batch / seconds, 1),
        "seconds": round(seconds, 2),
        "loss": loss.item(),
        "knn_top1": top1,
        "torch": torch.__version__,
        "settings": f"{arguments.precision}, " + ("compiled" if arguments.compile else "eager"),
    }))


if __name__ == "__main__":
    main()
