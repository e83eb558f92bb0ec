#!/usr/bin/python3
"""Shows that torchvision makes the features of an exported backbone.

    bin/byol4j export --checkpoint RUN --format safetensors --out model.safetensors --sample sample.safetensors
    python3 docs/exchange/compare_torchvision.py model.safetensors sample.safetensors

Needs numpy, torch and torchvision (Debian: python3-torchvision); reads safetensors itself. Ends with 1 if the features
of torchvision's network differ from those in the sample by more than 1e-4 of their norm.
"""
import json
import sys

import numpy
import torch
import torchvision

TOLERANCE = 1e-4


def read(path):
    """The metadata and the float32 tensors of a safetensors file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        values = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = numpy.frombuffer(values[begin:end], dtype="<f4").reshape(entry["shape"])
        tensors[name] = torch.from_numpy(array.copy())
    return metadata, tensors


def network(metadata, tensors):
    """torchvision's network with these weights, and the features in place of the classes."""
    if metadata["padding"] != "torch":
        sys.exit(f"network.padding = {metadata['padding']}: torchvision pads as torch does, its features differ")
    epsilon = float(metadata["epsilon"])
    width = float(metadata["width"])
    model = getattr(torchvision.models, metadata["backbone"])(
        norm_layer=lambda channels: torch.nn.BatchNorm2d(channels, eps=epsilon)
    )
    if width != 1:
        sys.exit(f"network.width = {width}: torchvision has no such network")
    if metadata["stem"] == "cifar":
        model.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        model.maxpool = torch.nn.Identity()
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    left = [name for name in missing if not name.startswith("fc.") and not name.endswith("num_batches_tracked")]
    if left or unexpected:
        sys.exit(f"missing={left} unexpected={unexpected}, expected only fc to be missing")
    model.fc = torch.nn.Identity()
    return model.eval()


def main():
    model = network(*read(sys.argv[1]))
    _, sample = read(sys.argv[2])
    with torch.no_grad():
        features = model(sample["images"])
    expected = sample["features"]
    distance = ((features - expected).norm() / expected.norm()).item()
    print(f"features {tuple(features.shape)}, relative distance {distance:.2e}, allowed {TOLERANCE:.0e}")
    if not distance <= TOLERANCE:
        sys.exit(1)


if __name__ == "__main__":
    main()
