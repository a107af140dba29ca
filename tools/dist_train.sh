#!/usr/bin/env bash
# Train on several GPUs of one or more machines.
#
#   tools/dist_train.sh CONFIG GPUS [options of tools/train.py]
#
# NNODES, NODE_RANK, MASTER_ADDR and PORT for several machines.
set -euo pipefail
if [ $# -lt 2 ]; then
    echo "usage: $0 CONFIG GPUS [options of tools/train.py]" >&2
    exit 2
fi
config=$1
gpus=$2
shift 2
exec torchrun \
    --nnodes="${NNODES:-1}" \
    --node-rank="${NODE_RANK:-0}" \
    --master-addr="${MASTER_ADDR:-127.0.0.1}" \
    --master-port="${PORT:-29500}" \
    --nproc-per-node="$gpus" \
    "$(dirname "$0")/train.py" "$config" --launcher pytorch "$@"
