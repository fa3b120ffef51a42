# Functions shared by the commands at the root of the repository. Sourced, with the root as the
# working directory.

say() { printf '\n==> %s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# Reports a mistake on the command line.
usage_error() {
  printf '%s: %s (try --help)\n' "$(basename "$0")" "$*" >&2
  exit 2
}

require_whole_number() { # FLAG VALUE
  [[ "$2" =~ ^[0-9]+$ ]] || usage_error "$1 needs a whole number, not '$2'"
}

# stoppable COMMAND [ARGUMENT...]: when SIGINT or SIGTERM ends this script, it ends the command and
# all that the command started as well, even if the signal came to the script alone.
stoppable() {
  local code
  trap 'end_group "$!" 130' INT
  trap 'end_group "$!" 143' TERM
  # Job control gives a command in the background a process group of its own.
  set -m
  "$@" </dev/null &
  set +m
  wait "$!" && code=0 || code=$?
  trap - INT TERM
  return "$code"
}

end_group() { # GROUP EXIT-CODE
  trap '' INT TERM
  if [[ -n $1 ]]; then
    kill -TERM -- "-$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
  fi
  exit "$2"
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
