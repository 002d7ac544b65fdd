# Makes .venv with one set of extras if it is not there yet, or if pyproject.toml has changed since; sourced by the scripts.
# usage: source scripts/venv.sh EXTRA

extra=$1
python=${PYTHON:-python3}
stamp=.venv/.installed-$extra

if [ ! -x .venv/bin/python ]; then
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        echo "Python 3.11 or newer is needed; set PYTHON to one." >&2
        exit 1
    }
    "$python" -m venv .venv
fi
if [ ! "$stamp" -nt pyproject.toml ]; then
    # Without compiling all of it: most files are never imported, and the others are compiled as they are.
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --editable ".[$extra]"
    touch "$stamp"
fi
