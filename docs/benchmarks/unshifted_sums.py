#!/usr/bin/env python3
"""How far variances are off that come from sums and sums of squares in float32, as cuDNN's genstats makes them.

Normally distributed values of deviation 1 and some mean; sums over tiles of 128 rows, which are then added up one
after the other, in four orders as they may come by atomics. Beside it sums of x - k, where k is the first row, in
float32 over 128 rows and then in float64, as batchnorm.cu makes them. Printed are the largest relative errors of five
draws, and how far the four orders are apart.
"""

import numpy

TILE = 128


def tiles(values):
    return values.reshape(-1, TILE).sum(axis=1, dtype=numpy.float32)


def unshifted(x, order):
    total, squares = (numpy.cumsum(tiles(v)[order], dtype=numpy.float32)[-1] for v in (x, x * x))
    mean = float(total) / x.size
    return float(squares) / x.size - mean * mean


def shifted(x):
    difference = x - x[0]
    total, squares = (tiles(v).astype(numpy.float64).sum() for v in (difference, difference * difference))
    return squares / x.size - (total / x.size) ** 2


def main():
    random = numpy.random.default_rng(1)
    print("| rows | mean / deviation | unshifted, float32 | between orders | shifted, float64 |")
    print("|---|---|---|---|---|")
    for rows in (12_544, 802_816):
        for ratio in (0, 1, 3, 10, 30, 100, 1000):
            errors, apart, ours = [], [], []
            for _ in range(5):
                x = (random.standard_normal(rows) + ratio).astype(numpy.float32)
                exact = x.astype(numpy.float64).var()
                found = [unshifted(x, random.permutation(rows // TILE)) for _ in range(4)]
                errors += [abs(v / exact - 1) for v in found]
                apart.append((max(found) - min(found)) / exact)
                ours.append(abs(shifted(x) / exact - 1))
            print(f"| {rows} | {ratio} | {max(errors):.0e} | {max(apart):.0e} | {max(ours):.0e} |")


if __name__ == "__main__":
    main()
