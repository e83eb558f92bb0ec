#!/usr/bin/env python3
"""Floors of a BYOL step on a GPU, without measuring anything.

For each operation: the longer of bytes over bandwidth and products over the matrix rate. A step is, for each of two
views, online forward, target forward, online backward. Numbers of gpu.md: no arguments.
"""

BYTES_PER_SECOND = 4.8e12  # H200
PRODUCTS_PER_SECOND = {"bf16": 790e12, "tf32": 400e12}  # dense, about what is reached
VIEWS = 2
FORWARDS = 2  # online and target
HIDDEN, OUTPUT = 4096, 256


def resnet50(size=224):
    """(group, input size, inputs, outputs, kernel, stride, is last of its block) of each convolution, and the features."""
    layers = [("stem", size, 8, 64, 7, 2, False)]
    height, channels = size // 4, 64
    for group, (blocks, middle) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)], 1):
        name = f"layer{group}"
        for block in range(blocks):
            stride = 2 if block == 0 and group > 1 else 1
            layers.append((name, height, channels, middle, 1, 1, False))
            layers.append((name, height, middle, middle, 3, stride, False))
            layers.append((name, height // stride, middle, 4 * middle, 1, 1, True))
            if block == 0:
                layers.append((name, height, channels, 4 * middle, 1, stride, False))
            height, channels = height // stride, 4 * middle
    return layers, channels


def resnet18_cifar(size=32):
    layers = [("stem", size, 8, 64, 3, 1, False)]
    height, channels = size, 64
    for group, width in enumerate([64, 128, 256, 512], 1):
        name = f"layer{group}"
        for block in range(2):
            stride = 2 if block == 0 and group > 1 else 1
            layers.append((name, height, channels, width, 3, stride, False))
            layers.append((name, height // stride, width, width, 3, 1, True))
            if stride == 2:
                layers.append((name, height, channels, width, 1, stride, False))
            height, channels = height // stride, width
    return layers, channels


def step(name, network, batch, precision):
    layers, features = network
    element = 2 if precision == "bf16" else 4
    rate = PRODUCTS_PER_SECOND[precision]
    groups = {}

    def product(products, elements):
        return max(2 * products / rate, elements * element / BYTES_PER_SECOND)

    def moved(elements):
        return elements * element / BYTES_PER_SECOND

    for group, height, inputs, outputs, kernel, stride, is_last in layers:
        out = height // stride
        x, y = batch * height**2 * inputs, batch * out**2 * outputs
        weights = inputs * outputs * kernel**2
        one = product(y * inputs * kernel**2, x + y + weights)
        backwards = 1 if group == "stem" else 2
        convolution = VIEWS * (FORWARDS + backwards) * one
        # forward: read for the sums, read and write; backward: read two for the sums, read two and write
        normalization = VIEWS * (FORWARDS * moved(3 * y) + moved(5 * y))
        if is_last:  # the residual is read forward; the masked sum of gradients is a pass of its own
            normalization += VIEWS * (FORWARDS * moved(y) + moved(3 * y))
        total = groups.setdefault(group, [0.0, 0.0])
        total[0] += convolution
        total[1] += normalization

    heads = 0.0
    for inputs, outputs, forwards in [
        (features, HIDDEN, FORWARDS), (HIDDEN, OUTPUT, FORWARDS), (OUTPUT, HIDDEN, 1), (HIDDEN, OUTPUT, 1)
    ]:
        elements = batch * (inputs + outputs) + inputs * outputs
        heads += VIEWS * (forwards + 2) * product(batch * inputs * outputs, elements)
    parameters = sum(layer[2] * layer[3] * layer[4] ** 2 for layer in layers)
    parameters += (features + OUTPUT) * HIDDEN + 2 * HIDDEN * OUTPUT
    # the step reads gradient, momentum, weight and writes two; the moving average reads two and writes one;
    # weights of both networks are packed once
    rest = parameters * (4 * (5 + 3) + 2 * (4 + element)) / BYTES_PER_SECOND
    convolutions = sum(total[0] for total in groups.values())
    normalizations = sum(total[1] for total in groups.values())
    seconds = convolutions + normalizations + heads + rest
    print(
        f"{name} batch={batch} {precision}: convolutions {1e3 * convolutions:.1f}, normalization"
        f" {1e3 * normalizations:.1f}, heads {1e3 * heads:.1f}, optimizer and packing {1e3 * rest:.1f},"
        f" sum {1e3 * seconds:.1f} ms, {batch / seconds:.0f} img/s"
    )
    for group, total in groups.items():
        print(f"    {group}: convolutions {1e3 * total[0]:.1f}, normalization {1e3 * total[1]:.1f} ms")


for batch in (64, 128, 256):
    for precision in ("bf16", "tf32"):
        step("ResNet-50, 224", resnet50(), batch, precision)
for precision in ("bf16", "tf32"):
    step("ResNet-18, CIFAR stem, 32", resnet18_cifar(), 512, precision)
