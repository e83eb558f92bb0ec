#!/usr/bin/env bash
# Our sums over TCP and gloo's, side by side in one run: A B A B ..., medians and ratios.
#
#   docs/benchmarks/compare_allreduce.sh [REPLICAS [BYTES ...]]          # default: 2 replicas, 2048 and 140000000 bytes
#   ROUNDS=5 PYTHON=/path/to/python3 docs/benchmarks/compare_allreduce.sh 4 2048
#
# PYTHON needs torch with gloo; Debian's python3-torch has it. BENCH_OPTIONS goes to ours alone, for instance
# "--set collective.spin=0us". Nothing else should run on the machine meanwhile.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-python3}
rounds=${ROUNDS:-3}
read -r -a options <<<"${BENCH_OPTIONS:-}"
replicas=${1:-2}
shift || true
[ $# -gt 0 ] || set -- 2048 140000000

"$python" -c 'import torch.distributed as d; assert d.is_gloo_available()' 2>/dev/null || {
  echo "compare_allreduce: PYTHON=$python has no torch with gloo" >&2
  exit 64
}
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT

for bytes in "$@"; do
  for ((round = 1; round <= rounds; round++)); do
    for side in ours gloo; do
      if [ "$side" = ours ]; then
        line=$("$root/bin/byol4j" bench allreduce --replicas "$replicas" --bytes "$bytes" "${options[@]}" --json | tail -n 1)
      else
        line=$("$python" "$here/allreduce_gloo.py" --replicas "$replicas" --bytes "$bytes" | tail -n 1)
      fi
      echo "round $round of $rounds: $side $line" >&2
      printf '%s\t%s\t%s\n' "$bytes" "$side" "$line" >>"$lines"
    done
  done
done

"$python" - "$lines" <<'PYTHON'
import json, statistics, sys

runs = {}
for line in open(sys.argv[1]):
    size, side, result = line.split("\t", 2)
    runs.setdefault(size, {"ours": [], "gloo": []})[side].append(json.loads(result))
first = next(iter(runs.values()))
print(f"{first['ours'][0]['replicas']} replicas, torch {first['gloo'][0]['torch']}, rounds: {len(first['ours'])}")
print(f"{'':24}{'ours':>12}{'gloo':>12}{'times gloo':>12}")
for size, sides in runs.items():
    for key in ("p50_us", "algbw_gb_s"):
        ours, gloo = (statistics.median(run[key] for run in sides[side]) for side in ("ours", "gloo"))
        times = gloo / ours if key == "p50_us" else ours / gloo
        print(f"{size + ' ' + key:24}{ours:12.3f}{gloo:12.3f}{times:12.2f}")
PYTHON
