#!/usr/bin/env python3
"""Two BYOL views per image with torchvision on one thread, to hold `bin/byol4j bench augment` against.

Decodes each image from its encoded bytes and makes both views of the recipe (Grill et al. 2020, table 6)
as users of torchvision write it: PIL images up to ToTensor, bicubic crops. Runs with torchvision 0.14 and
later, for instance Debian's python3-torchvision.

    augment_torchvision.py --make FOLDER      writes 64 JPEGs of 500x375 to measure with (both sides)
    augment_torchvision.py FOLDER [--size 224] [--seconds 10]

Prints one JSON object: img_per_s counts source images, both views made.
"""

import argparse
import io
import json
import pathlib
import time

import numpy
import PIL.Image


def make(folder, count=64):
    """Smooth waves with grain: about 70 kB each, as photographs of this size have at quality 90."""
    random = numpy.random.default_rng(0)
    (folder / "waves").mkdir(parents=True, exist_ok=True)
    y, x = numpy.mgrid[0:375, 0:500]
    for index in range(count):
        pixels = numpy.zeros((375, 500, 3))
        for channel in range(3):
            for _ in range(3):
                down, across, phase = random.uniform(0, [0.2, 0.2, 6])
                pixels[..., channel] += 40 * numpy.sin(down * y + across * x + phase)
        pixels += 128 + random.normal(0, 8, pixels.shape)
        image = PIL.Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))
        image.save(folder / "waves" / f"{index:03}.jpg", quality=90)


def recipe(transforms, size, blur, solarize):
    taps = 2 * int(size / 10 / 2) + 1
    return transforms.Compose([
        transforms.RandomResizedCrop(
            size, scale=(0.08, 1), interpolation=transforms.InterpolationMode.BICUBIC),
        transforms.RandomHorizontalFlip(0.5),
        transforms.RandomApply([transforms.ColorJitter(0.4, 0.4, 0.2, 0.1)], p=0.8),
        transforms.RandomGrayscale(0.2),
        transforms.RandomApply([transforms.GaussianBlur(taps, (0.1, 2.0))], p=blur),
        transforms.RandomSolarize(128, p=solarize),
        transforms.ToTensor(),
        transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--make", action="store_true")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    if arguments.make:
        make(arguments.folder)
        return
    # drawing images needs neither
    import torch
    import torchvision
    from torchvision import transforms

    torch.set_num_threads(1)
    torch.manual_seed(0)
    encoded = [path.read_bytes() for path in sorted(arguments.folder.rglob("*.jpg"))]
    views = [recipe(transforms, arguments.size, 1.0, 0.0), recipe(transforms, arguments.size, 0.1, 0.2)]

    def run(seconds):
        start = time.perf_counter()
        images = 0
        while time.perf_counter() - start < seconds:
            image = PIL.Image.open(io.BytesIO(encoded[images % len(encoded)])).convert("RGB")
            for view in views:
                view(image)
            images += 1
        return images / (time.perf_counter() - start)

    run(min(2, arguments.seconds))
    print(json.dumps({
        "img_per_s": round(run(arguments.seconds), 2),
        "size": arguments.size,
        "threads": 1,
        "torchvision": torchvision.__version__,
        "torch": torch.__version__,
        "pil": PIL.__version__,
    }))


if __name__ == "__main__":
    main()
