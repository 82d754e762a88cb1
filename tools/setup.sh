#!/usr/bin/env bash
# Create the virtual environment given as $1 and install the project into it, editable.
set -euo pipefail
venv=$1

if command -v uv >/dev/null; then
    echo "Setting up $venv with uv (Python 3.11, about 2 GB; only the first time)"
    uv venv --quiet --allow-existing --python 3.11 "$venv"
    uv pip install --quiet --python "$venv/bin/python" --torch-backend auto \
        --constraint constraints.txt --editable '.[dev]'
else
    python=$(command -v python3.11 || true)
    if [ -z "$python" ] || ! "$python" -c 'import ensurepip' 2>/dev/null; then
        echo "Error: Python 3.11 with venv is needed (bpy and pybullet have wheels for no other" >&2
        echo "version in common); on Debian or Ubuntu: apt-get install python3.11-venv" >&2
        exit 1
    fi
    echo "Setting up $venv with pip (Python 3.11, about 2 GB; only the first time)"
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
fi
"$venv/bin/obman-gen" doctor --libraries
touch "$venv/installed"
