#!/usr/bin/env bash
# Makes a virtual environment with everything in it; does nothing when it is
# up to date. Called by `make setup` and `make setup-full`.
#
#   tools/setup.sh VENV light|full
#
# PYTHON       the interpreter; default: python3 if it is 3.11 to 3.13, else
#              the newest of these that is found
# TORCH        what pip installs for torch
# TORCH_INDEX  the index that torch comes from, for instance
#              https://download.pytorch.org/whl/cu128
set -euo pipefail
# the place itself: by way of a link it would be another than venv writes down
cd -P "$(dirname "$0")/.."

venv=$1
stack=$2
# What `make setup PYTHON=...` asked for holds for a later `make test`, which
# would else make the environment anew with the default.
asked=$venv/.asked
if [ -f "$asked" ]; then
    { read -r python_asked; read -r torch_asked; read -r index_asked; } <"$asked"
    PYTHON=${PYTHON:-$python_asked}
    TORCH=${TORCH:-$torch_asked}
    TORCH_INDEX=${TORCH_INDEX:-$index_asked}
fi
# A fixed release, so that everybody runs what the tests ran.
if [ "$stack" = full ]; then
    torch=${TORCH:-torch==2.14.1 torchvision==0.29.1}
else
    torch=${TORCH:-torch==2.13.0}
fi

supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
        2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if supported "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    echo "No Python 3.11 to 3.13 found${PYTHON:+ as $PYTHON}. Install one" \
        "(Debian, Ubuntu: apt install python3 python3-venv) or name it:" \
        "make setup PYTHON=/path/to/python3.12" >&2
    return 1
}

python=$(find_python)
wanted=$("$python" -c 'import sys; print(sys.version)')
stamp=$venv/.ready
# First line: what is installed for torch.
state() {
    echo "$stack $torch ${TORCH_INDEX:-}"
    echo "$wanted $PWD"
    cat setup.py requirements/*.txt wholebody_mm/install.py tools/setup.sh |
        cksum
}
if [ -f "$stamp" ] && [ "$(state)" = "$(cat "$stamp")" ]; then
    exit 0
fi
torch_before=$(head -n 1 "$stamp" 2>/dev/null || true)

# Whether the environment can be built on: its Python is the one asked for,
# it has pip (Debian without python3-venv leaves one without), and it was made
# where it lies (its scripts and the checkout's place are written into it).
usable() {
    [ -x "$venv/bin/python" ] &&
        [ "$("$venv/bin/python" -c 'import sys; print(sys.version)')" = "$wanted" ] &&
        "$venv/bin/python" -m pip --version >/dev/null 2>&1 &&
        grep -qF "$(cd -P "$venv" && pwd -P)" "$venv/bin/activate"
}

echo "Setting up $venv ($stack) with $python"
if usable; then
    rm -f "$stamp"
elif ! "$python" -m venv --clear "$venv"; then
    echo "$python cannot make virtual environments; on Debian and Ubuntu:" \
        "apt install python3-venv" >&2
    exit 1
fi
# now, so that a second try asks for the same after a first that failed
printf '%s\n' "${PYTHON:-}" "${TORCH:-}" "${TORCH_INDEX:-}" >"$asked"
if [ -n "${PYTHON:-}${TORCH:-}${TORCH_INDEX:-}" ]; then
    trap 'echo "It failed with PYTHON=${PYTHON:-} TORCH=${TORCH:-}" \
        "TORCH_INDEX=${TORCH_INDEX:-}, which the next try takes as well;" \
        "rm $asked forgets them" >&2' ERR
fi
pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }

# PyPI's torch brings several GB of CUDA libraries. Without an NVIDIA GPU the
# CPU build is wanted; where its index cannot be reached, pip's own sources
# decide (a mirror or a folder of wheels may have the CPU build).
index=${TORCH_INDEX:-}
cpu_index=https://download.pytorch.org/whl/cpu
if [ -z "$index" ] && ! nvidia-smi >/dev/null 2>&1 &&
    "$python" -c "import urllib.request as u; u.urlopen('$cpu_index/', timeout=5)" \
        2>/dev/null; then
    index=$cpu_index
fi
# Another build of the same release counts as installed for pip.
if [ "$torch_before" != "$(state | head -n 1)" ]; then
    pip uninstall --quiet --yes torch torchvision 2>/dev/null
fi
# shellcheck disable=SC2086  # several requirements in one variable
pip install --quiet $torch ${index:+--index-url "$index"}

if [ "$stack" = full ]; then
    pip install --quiet -e '.[train,full,synth,dev]'
    pip install --quiet --no-deps mmengine==0.10.7 mmdet==3.3.0
    # The last mmcv that mmdet accepts, built here with its operators. Its
    # setup.py asks for C++17, torch's headers since 2.14 for C++20.
    # --no-build-isolation, because the build imports torch.
    source=$(mktemp -d)
    trap 'rm -rf "$source"' EXIT
    pip download --quiet --no-deps --no-build-isolation --no-binary mmcv \
        --dest "$source" mmcv==2.1.0
    tar -xf "$source"/mmcv-2.1.0.tar.gz -C "$source"
    # with a suffix, which the sed of macOS wants
    sed -i.bak 's/-std=c++17/-std=c++20/' "$source/mmcv-2.1.0/setup.py"
    MMCV_WITH_OPS=1 pip install --quiet --no-deps --no-build-isolation \
        "$source/mmcv-2.1.0"
else
    pip install --quiet -e '.[train,synth,dev]'
fi
"$venv/bin/python" -m wholebody_mm.install
# Fails here, and not in the middle of a training, if something is missing.
"$venv/bin/python" -c 'import wholebody_mm.register'
state >"$stamp"
echo "Ready: . $venv/bin/activate"
