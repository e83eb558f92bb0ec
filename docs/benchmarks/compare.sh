#!/usr/bin/env bash
# Our BYOL step and PyTorch's, side by side in one run: A B A B ..., medians and ratios.
#
#   docs/benchmarks/compare.sh [options that `byol4j bench step` and byol_step_torch.py share]
#   ROUNDS=5 PYTHON=/path/to/python3 docs/benchmarks/compare.sh --backbone resnet50 --stem imagenet --image 224 --batch 16 --threads 2 --steps 5
#
# PYTHON needs torch (docs/benchmarks/README.md). TORCH_OPTIONS goes to the PyTorch script alone, for instance
# "--views one". Nothing else should run on the machine meanwhile.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-python3}
rounds=${ROUNDS:-3}
read -r -a torch_options <<<"${TORCH_OPTIONS:-}"
[ $# -gt 0 ] || set -- --backbone resnet18 --stem cifar --image 32 --batch 64 --threads 2 --steps 10

"$python" -c 'import torch' 2>/dev/null || {
  echo "compare: PYTHON=$python cannot import torch" >&2
  exit 64
}
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT

for ((round = 1; round <= rounds; round++)); do
  for side in ours torch; do
    echo "round $round of $rounds: $side" >&2
    if [ "$side" = ours ]; then
      line=$("$root/bin/byol4j" bench step "$@" --json | tail -n 1)
    else
      line=$("$python" "$here/byol_step_torch.py" "$@" "${torch_options[@]}" | tail -n 1)
    fi
    echo "  $line" >&2
    printf '%s\t%s\n' "$side" "$line" >>"$lines"
  done
done

"$python" - "$lines" "$@" <<'PYTHON'
import json, statistics, sys

runs = {"ours": [], "torch": []}
for line in open(sys.argv[1]):
    side, result = line.split("\t", 1)
    runs[side].append(json.loads(result))
print("step:", " ".join(sys.argv[2:]))
print(f"torch {runs['torch'][0]['torch']}: {runs['torch'][0]['settings']}; rounds: {len(runs['ours'])}")
print(f"{'':14}{'ours':>12}{'torch':>12}{'ours/torch':>12}")
for key, form in (("img_per_s", "12.2f"), ("median_s", "12.4f"), ("peak_rss_mb", "12.0f")):
    ours, torch = (statistics.median(run[key] for run in runs[side]) for side in ("ours", "torch"))
    print(f"{key:14}{ours:{form}}{torch:{form}}{ours / torch:12.3f}")
PYTHON
