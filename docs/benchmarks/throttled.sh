#!/usr/bin/env bash
# The synchronous server and gradient sharing over a slow network, side by side: A B C A B C ..., medians and ratios. Two replicas with one thread each,
# in processes of their own, talk over the loopback interface of a network namespace whose rate tc limits.
#
#   sudo docs/benchmarks/throttled.sh [RATE [options of `byol4j bench step` but --threads, --replicas, --collective, --mode, --set]]
#   ROUNDS=3 STALENESS=1 sudo -E docs/benchmarks/throttled.sh 100mbit --backbone resnet18 --stem cifar --image 32 --batch 16 --steps 5
#
# RATE (default 1gbit) is that of both directions together, as they share the interface; nothing is delayed beyond that. Root is needed for the namespace
# alone. Nothing else should run on the machine meanwhile, which needs two cores.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
rounds=${ROUNDS:-2}
staleness=${STALENESS:-1}
rate=${1:-1gbit}
shift || true
[ $# -gt 0 ] || set -- --backbone resnet18 --stem cifar --image 32 --batch 32 --steps 5
namespace=byol4j-$$
lines=$(mktemp)
trap 'rm -f "$lines"; ip netns delete "$namespace"' EXIT

ip netns add "$namespace"
ip -n "$namespace" link set lo up
# a queue so long that nothing is dropped: a switch would make senders wait, too
tc -n "$namespace" qdisc add dev lo root tbf rate "$rate" burst 128kb limit 256mb

# the median of a number over the rounds of a side
median() {
  sed -n "s/^$1\t.*\"$2\":\([0-9.eE+-]*\).*/\1/p" "$lines" | sort -g \
    | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'
}

for ((round = 1; round <= rounds; round++)); do
  for side in synchronous sharing late; do
    case $side in
      synchronous) mode=(--mode synchronous) ;;
      sharing) mode=(--mode gradient-sharing) ;;
      late) mode=(--mode gradient-sharing --set "gradient-sharing.staleness=$staleness") ;;
    esac
    line=$(ip netns exec "$namespace" "$root/bin/byol4j" bench step "$@" --threads 1 --replicas 2 --collective tcp "${mode[@]}" --json | tail -n 1)
    echo "round $round of $rounds: $side $line" >&2
    printf '%s\t%s\n' "$side" "$line" >>"$lines"
  done
done

echo "step: $*; rate=$rate rounds: $rounds; medians"
printf '%-18s%14s%14s%14s%20s\n' '' synchronous sharing "staleness=$staleness" 'times synchronous'
for key in median_s forward_s backward_s communication_s sent_bytes peak_rss_mb; do
  printf '%-18s%14s%14s%14s%20s\n' "$key" "$(median synchronous $key)" "$(median sharing $key)" "$(median late $key)" \
    "$(awk "BEGIN { a = $(median synchronous $key); if (a == 0) print \"-\"; else printf \"%.3f  %.3f\", $(median sharing $key) / a, $(median late $key) / a }")"
done
