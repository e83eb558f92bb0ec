#!/usr/bin/env bash
# What communication costs a step: one replica with two threads, which talks to nobody, beside two replicas with one thread each, in
# processes of their own over TCP. The same batch and the same cores, A B A B ..., medians and ratios.
#
#   docs/benchmarks/communication.sh [options of `byol4j bench step` but --threads, --replicas, --collective]
#   ROUNDS=5 docs/benchmarks/communication.sh --backbone resnet50 --stem imagenet --image 224 --batch 16 --steps 5
#
# Nothing else should run on the machine meanwhile, which needs two cores.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
rounds=${ROUNDS:-3}
[ $# -gt 0 ] || set -- --backbone resnet18 --stem cifar --image 32 --batch 64 --steps 5
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT

# the median of a number over the rounds of a side
median() {
  sed -n "s/^$1\t.*\"$2\":\([0-9.eE+-]*\).*/\1/p" "$lines" | sort -g \
    | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'
}

for ((round = 1; round <= rounds; round++)); do
  for side in alone two; do
    if [ "$side" = alone ]; then
      sharing=(--threads 2)
    else
      sharing=(--threads 1 --replicas 2 --collective tcp)
    fi
    line=$("$root/bin/byol4j" bench step "$@" "${sharing[@]}" --json | tail -n 1)
    echo "round $round of $rounds: $side $line" >&2
    printf '%s\t%s\n' "$side" "$line" >>"$lines"
  done
done

echo "step: $*; rounds: $rounds; medians"
printf '%-18s%16s%16s%10s\n' '' '1 x 2 threads' '2 x 1 thread' 'ratio'
for key in img_per_s median_s forward_s backward_s communication_s peak_rss_mb; do
  printf '%-18s%16s%16s%10s\n' "$key" "$(median alone $key)" "$(median two $key)" \
    "$(awk "BEGIN { a = $(median alone $key); print a == 0 ? \"-\" : $(median two $key) / a }")"
done
awk "BEGIN { printf \"communication takes %.1f %% of a step of two replicas, waiting for the other one included\n\", \
  100 * $(median two communication_s) / $(median two median_s) }"
