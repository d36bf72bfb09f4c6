# Sourced by the scripts: finds cargo and the folder that it builds into.

if ! command -v cargo >/dev/null && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
  PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
fi
if ! command -v cargo >/dev/null; then
  echo "✗ Rust is not installed (no cargo on PATH): https://rustup.rs" >&2
  exit 1
fi
target=${CARGO_TARGET_DIR:-target}
[[ $target == /* ]] || target=$PWD/$target

# Builds the two servers and fgctl. Silent when that is quick; on a terminal cargo shows its own progress.
build_binaries() {
  local build=(cargo build --locked --package fluxgate-backend --package fluxgate-edge --package fgctl)
  if [ -t 2 ]; then
    "${build[@]}" --quiet
    return
  fi
  local log
  log=$(mktemp)
  [ -x "$target/debug/fgctl" ] || echo "building; the first time takes some minutes" >&2
  if ! "${build[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    exit 1
  fi
  rm -f "$log"
}
