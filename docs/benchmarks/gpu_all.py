#!/usr/bin/env python3
"""All that is to be shown on a GPU, in order: tests, speed beside PyTorch, augmentation, learning. One table, raw results kept.

    bin/carry-to-gpu FOLDER; carry it, docs/benchmarks and conf there, the latter two side by side as they lie here; there:
    docs/benchmarks/gpu_all.py --ours FOLDER/run --out results                                  # everything, 29 minutes at most
    docs/benchmarks/gpu_all.py --ours FOLDER/run --out results --only tests steps views         # or piece by piece,
    docs/benchmarks/gpu_all.py --ours FOLDER/run --out results --only learning --images cifar-10-train.tar.gz

Pieces, each under 10 minutes on an H200 but for learning, whose two sides take --minutes each (--deadline SECONDS ends one early, the least important runs last):
  tests      what doctor finds; the tests tagged gpu: contract in fp32 and tf32, 20 steps as onednn goes, views, NCCL
  bits       the same short training twice: weights must agree in every bit
  steps      whole steps, ours and PyTorch by turns, eager first and then torch.compile; peak memory of each
  views      both views of 500x375 images: on the GPU, on the CPU's threads, and what the step eats (from steps)
  learning   CIFAR-10 for --minutes, ours and then PyTorch: kNN and loss over time

Everything goes to OUT: results.jsonl has a line for each run, logs/ what each command said, and table.md is made from
results.jsonl anew each time, so that pieces may be run on different days. --dry-run takes the device onednn, the CPU for
PyTorch and tiny sizes: it shows that all parts work, nothing else. PYTHON is the Python that has torch (default: this one).
"""

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
RESNET50 = ["--backbone", "resnet50", "--stem", "imagenet", "--image", "224"]
RESNET18 = ["--backbone", "resnet18", "--stem", "cifar", "--image", "32"]
# the most important first
STEPS = [
    ("ResNet-50, 224, batch 256, bf16", RESNET50, 256, "bf16"),
    ("ResNet-18, CIFAR, batch 512, bf16", RESNET18, 512, "bf16"),
    ("ResNet-50, 224, batch 64, bf16", RESNET50, 64, "bf16"),
    ("ResNet-50, 224, batch 256, tf32", RESNET50, 256, "tf32"),
    ("ResNet-18, CIFAR, batch 512, tf32", RESNET18, 512, "tf32"),
    ("ResNet-50, 224, batch 128, bf16", RESNET50, 128, "bf16"),
    ("ResNet-50, 224, batch 128, tf32", RESNET50, 128, "tf32"),
    ("ResNet-50, 224, batch 64, tf32", RESNET50, 64, "tf32"),
]
DRY_STEPS = [
    ("ResNet-50, 32, batch 2, fp32", ["--backbone", "resnet50", "--stem", "imagenet", "--image", "32", "--hidden", "64"], 2, "fp32"),
    ("ResNet-18, CIFAR, batch 4, fp32", ["--backbone", "resnet18", "--stem", "cifar", "--image", "16", "--hidden", "64"], 4, "fp32"),
]
TESTS = [
    "org.byol4j.device.cuda.CudaDeviceOnGpuTest", "org.byol4j.device.cuda.CudaDeviceOnGpuTf32Test",
    "org.byol4j.train.CudaTrainsAlikeTest", "org.byol4j.device.cuda.CudaViewsOnGpuTest",
    "org.byol4j.device.cuda.NcclOnGpuTest", "org.byol4j.train.ReplicasByNcclTest",
]
PIECES = ["tests", "bits", "steps", "views", "learning"]
DEADLINES = {"tests": 240, "bits": 60, "steps": 420, "views": 60, "learning": 960}


class GpuMemory(threading.Thread):
    """The most memory that the GPU has had in use, of all processes, above what it had at the beginning; in MiB."""

    def __init__(self):
        super().__init__(daemon=True)
        self.begin = self.most = self.used()
        self.ended = threading.Event()

    @staticmethod
    def used():
        if not shutil.which("nvidia-smi"):
            return 0
        text = subprocess.run(
            ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"], capture_output=True, text=True)
        return int(text.stdout.split()[0]) if text.returncode == 0 and text.stdout.split() else 0

    def run(self):
        while not self.ended.wait(0.2):
            self.most = max(self.most, self.used())

    def end(self):
        self.ended.set()
        self.join()
        return self.most - self.begin


class Session:
    def __init__(self, arguments):
        self.arguments = arguments
        self.out = pathlib.Path(arguments.out)
        (self.out / "logs").mkdir(parents=True, exist_ok=True)
        self.python = os.environ.get("PYTHON", sys.executable)
        self.end = 0.0

    @property
    def device(self):
        return "onednn" if self.arguments.dry_run else "cuda"

    def left(self):
        return self.end - time.monotonic()

    def run(self, piece, name, command, **facts):
        """Runs a command; keeps what it said, and the JSON of its last line, as a line of results.jsonl."""
        if self.left() < 5:
            self.keep(piece, name, {"skipped": "no time left"}, facts)
            return {}
        memory = GpuMemory()
        memory.start()
        begin = time.monotonic()
        log = self.out / "logs" / (piece + "-" + "".join(c if c.isalnum() else "-" for c in name) + ".txt")
        print(f"{piece}: {name}", file=sys.stderr, flush=True)
        with open(log, "w") as said:
            said.write("$ " + " ".join(map(str, command)) + "\n")
            said.flush()
            try:
                status = subprocess.run(command, stdout=said, stderr=subprocess.STDOUT, timeout=self.left()).returncode
            except subprocess.TimeoutExpired:
                status = "ended by the deadline"
        result = {"status": status, "wall_s": round(time.monotonic() - begin, 1), "peak_smi_mb": memory.end()}
        for line in reversed(log.read_text().splitlines()):
            if line.startswith("{"):
                try:
                    result.update(json.loads(line))
                    break
                except ValueError:
                    pass
        self.keep(piece, name, result, facts)
        return result

    def keep(self, piece, name, result, facts):
        entry = {"piece": piece, "name": name, **facts, **result}
        with open(self.out / "results.jsonl", "a") as results:
            results.write(json.dumps(entry) + "\n")
        print("  " + json.dumps(result)[:200], file=sys.stderr, flush=True)

    def ours(self, *rest):
        return [*self.arguments.ours.split(), *map(str, rest)]

    def torch(self, script, *rest):
        return [self.python, str(HERE / script), *map(str, rest)]


def tests(session):
    if session.arguments.dry_run:
        session.run("tests", "doctor", session.ours("doctor"))
        return
    session.run("tests", "doctor", session.ours("doctor", "compute.device=cuda", "compute.precision=bf16"))
    for test in TESTS:
        session.run("tests", test.rsplit(".", 1)[1], session.ours("org.byol4j.RunTests", "gpu", test))


def training(session, out, images, *keys):
    """A run of the CIFAR recipe into a new folder."""
    shutil.rmtree(out, ignore_errors=True)
    dry = ["network.width=0.125", "heads.hidden=32", "augment.size=16", "data.workers=1", "optimizer.warmup-epochs=0"]
    decoders = [f"data.workers={max(1, os.cpu_count() - 2)}"]
    fixed = [f"compute.device={session.device}", "compute.threads=1", "augment.on=auto", *(dry if session.arguments.dry_run else decoders)]
    return session.ours("train", session.arguments.conf, images, out, *fixed, *keys)


def bits(session):
    images = session.arguments.images
    digests, states = [], []
    for turn in (1, 2):
        out = session.out / f"bits-{turn}"
        command = training(
            session, out, images, "train.epochs=1", "knn.every-epochs=0",
            *(["compute.precision=bf16"] if not session.arguments.dry_run else ["train.batch-size=256"]))
        states.append(session.run("bits", f"run {turn}", command).get("status"))
        checkpoints = sorted(out.glob("checkpoints/step-*")) if out.exists() else []
        weights = sorted(checkpoints[-1].glob("*.f32")) if checkpoints else []
        digests.append({f"{f.parent.name}/{f.name}": hashlib.sha256(f.read_bytes()).hexdigest() for f in weights})
        shutil.rmtree(out, ignore_errors=True)
    same = states == [0, 0] and bool(digests[0]) and digests[0] == digests[1]
    session.keep("bits", "two runs", {"files": sorted(digests[0]), "same_bits": same}, {})


def steps(session):
    dry = session.arguments.dry_run
    count = 1 if dry else 30
    configurations = DRY_STEPS if dry else STEPS

    def one(side, name, network, batch, precision, *more):
        common = [*network, "--batch", batch, "--threads", 1 if dry else 8, "--steps", count, "--precision", precision]
        if side == "ours":
            command = session.ours("bench", "step", "--device", session.device, *common, "--json")
        else:
            warmup = ["--warmup", 1 if dry else 10, "--device", "cpu" if dry else "cuda"]
            command = session.torch("byol_step_torch.py", *common, *warmup, *more)
        session.run("steps", f"{name}: {side}", command, configuration=name, side=side)

    for configuration in configurations:
        one("ours", *configuration)
        one("eager", *configuration)
    for configuration in configurations if not dry else []:
        one("compiled", *configuration, "--compile")
        one("ours", *configuration)


def views(session):
    jpegs = session.out / "jpegs"
    if not jpegs.exists():
        session.run("views", "drawing JPEGs", session.torch("augment_torchvision.py", "--make", jpegs))
    dry = session.arguments.dry_run
    common = ["--data", jpegs, "--size", 32 if dry else 224, "--threads", os.cpu_count(), "--seconds", 1 if dry else 8, "--json"]
    if not dry:
        session.run("views", "on the GPU", session.ours(
            "bench", "augment", "--device", "cuda", "--precision", "bf16", "--batch", 256, *common))
    session.run("views", "on the CPU", session.ours("bench", "augment", *common))


def learning(session):
    arguments = session.arguments
    dry = arguments.dry_run
    precision = [] if dry else ["compute.precision=bf16"]
    count = 256 if dry else 50_000
    batch = 128 if dry else 256
    out = session.out / "learning"
    fast = session.run("learning", "ours, calibration", training(
        session, out, arguments.images, f"train.epochs={1 if dry else 3}", f"train.batch-size={batch}", "knn.every-epochs=0", *precision))
    if "imagesPerSecond" in fast:
        epochs = 1 if dry else max(1, int(arguments.minutes * 60 * 0.97 * fast["imagesPerSecond"] / count))
        # the deadline counts from here on: three epochs tell too low a speed rather than too high a one
        session.run("learning", "ours", training(
            session, out, arguments.images, f"train.epochs={epochs}", f"train.batch-size={batch}",
            f"knn.every-epochs={max(1, epochs // 8)}", *precision), epochs=epochs, minutes=arguments.minutes)
        if (out / "metrics.jsonl").exists():
            shutil.copy(out / "metrics.jsonl", session.out / "learning-ours.jsonl")
    shutil.rmtree(out, ignore_errors=True)
    tiny = ["--device", "cpu", "--batch", 8, "--limit", 40, "--calibration", 1] if dry else []
    session.run("learning", "PyTorch", session.torch(
        "byol_learn_torch.py", arguments.images, "--minutes", 0.05 if dry else arguments.minutes, "--precision", "bf16", *tiny),
        minutes=arguments.minutes)


def table(out):
    entries = [json.loads(line) for line in open(out / "results.jsonl")]
    lines = []

    def of(piece):
        return [entry for entry in entries if entry["piece"] == piece]

    if of("tests"):
        lines += ["| test | result |", "|---|---|"]
        last = {entry["name"]: entry for entry in of("tests")}
        lines += [f"| {name} | {outcome(entry)} |" for name, entry in last.items()]
    for entry in of("bits")[-1:]:
        if "same_bits" in entry:
            lines += ["", f"Two runs: {'the same bits' if entry['same_bits'] else 'OTHER BITS'} ({', '.join(entry['files'])})."]
    if of("steps"):
        lines += ["", "| step | ours img/s | eager | compiled | ours / eager | ours / compiled | peak MiB (smi): ours | eager | compiled |",
                  "|---|---|---|---|---|---|---|---|---|"]
        for name in dict.fromkeys(entry["configuration"] for entry in of("steps") if "configuration" in entry):
            rate, memory = {}, {}
            for side in ("ours", "eager", "compiled"):
                runs = [e for e in of("steps") if e.get("configuration") == name and e.get("side") == side and "img_per_s" in e]
                rate[side] = statistics.median(e["img_per_s"] for e in runs) if runs else None
                memory[side] = max((e["peak_smi_mb"] for e in runs), default=None)

            def ratio(side):
                return f"{rate['ours'] / rate[side]:.2f}" if rate["ours"] and rate[side] else "–"

            def cell(value):
                return "–" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.2f}"

            sides = ("ours", "eager", "compiled")
            lines.append("| " + " | ".join([
                name, *(cell(rate[side]) for side in sides), ratio("eager"), ratio("compiled"),
                *(cell(memory[side]) for side in sides)]) + " |")
    if of("views"):
        lines += ["", "| views | img/s | of the device alone |", "|---|---|---|"]
        lines += [f"| {e['name']} | {e['img_per_s']:.0f} | {e.get('device_img_per_s', '–')} |" for e in of("views") if "img_per_s" in e]
    if of("learning"):
        lines += ["", "| learning | epochs | img/s | seconds | loss | kNN |", "|---|---|---|---|---|---|"]
        for e in of("learning"):
            if "calibration" in e["name"] or "loss" not in e:
                continue
            rate = e.get("img_per_s", e.get("imagesPerSecond", 0))
            top1 = e.get("knn_top1", knn_of(out / "learning-ours.jsonl"))
            lines.append(f"| {e['name']} | {e.get('epochs', '–')} | {rate:.0f} | {e['seconds']:.0f} | {e['loss']:.4f} | {top1} |")
    entries = list({(e["piece"], e["name"]): e for e in entries}.values())
    failed = [e for e in entries if e.get("status", 0) != 0 or "skipped" in e]
    if failed:
        lines += ["", "Not done:"] + [f"- {e['piece']}, {e['name']}: {e.get('skipped', e.get('status'))}" for e in failed]
    text = "\n".join(lines) + "\n"
    (out / "table.md").write_text(text)
    return text


def outcome(entry):
    if "skipped" in entry:
        return entry["skipped"]
    return "passed" if entry["status"] == 0 else f"failed: {entry['status']}"


def knn_of(path):
    if not path.exists():
        return "–"
    values = [json.loads(line).get("knn_top1") for line in open(path)]
    values = [value for value in values if value is not None]
    return values[-1] if values else "–"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", required=True, help="FOLDER/run of bin/carry-to-gpu")
    parser.add_argument("--out", required=True)
    parser.add_argument("--images", default="cifar-10-train.tar.gz", help="of CIFAR-10, in folders of their class")
    parser.add_argument("--conf", default=str(HERE.parents[1] / "conf" / "cifar10-resnet18.conf"))
    parser.add_argument("--minutes", type=float, default=7, help="that each side learns for")
    parser.add_argument("--only", nargs="+", choices=PIECES, default=PIECES)
    parser.add_argument("--deadline", type=float, help="seconds for each piece, instead of its own")
    parser.add_argument("--dry-run", action="store_true")
    arguments = parser.parse_args()
    session = Session(arguments)
    if any(piece in arguments.only for piece in ("bits", "learning")) and not os.path.exists(arguments.images):
        sys.exit(f"--images {arguments.images} is not there")
    for piece in arguments.only:
        seconds = arguments.deadline or DEADLINES[piece]
        session.end = time.monotonic() + (3600 if arguments.dry_run else seconds)
        {"tests": tests, "bits": bits, "steps": steps, "views": views, "learning": learning}[piece](session)
    print(table(session.out))


if __name__ == "__main__":
    main()
