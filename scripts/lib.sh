# Functions shared by the commands at the root of the repository. Sourced, with the root as the
# working directory.

say() { printf '\n==> %s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# A mistake on the command line.
usage_error() {
  printf '%s: %s (try --help)\n' "$(basename "$0")" "$*" >&2
  exit 2
}

require_whole_number() { # FLAG VALUE
  [[ "$2" =~ ^[0-9]+$ ]] || usage_error "$1 needs a whole number, not '$2'"
}

# configure FOLDER [CMAKE-OPTION...]: only a failure prints.
configure() {
  local folder=$1 log
  shift
  log=$(mktemp)
  if ! cmake -S . -B "$folder" -G Ninja "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die "configuring $folder failed"
  fi
  rm -f "$log"
}

# build FOLDER [TARGET...]: all targets if none is named.
build() {
  local folder=$1
  shift
  if (($# > 0)); then
    cmake --build "$folder" --target "$@"
  else
    cmake --build "$folder"
  fi
}

# run_ctest FOLDER [CTEST-OPTION...]: two at a time, since several tests run whole applications.
run_ctest() {
  local folder=$1
  shift
  ctest --test-dir "$folder" --output-on-failure --no-tests=error -j2 "$@"
}
