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

# Builds the two servers and fgctl. Silent when that is quick; the first time a terminal sees cargo's own progress.
build_binaries() {
  local build=(cargo build --locked --package fluxgate-backend --package fluxgate-edge --package fgctl)
  [ -x "$target/debug/fgctl" ] || echo "building; the first time takes some minutes" >&2
  if [ -t 2 ]; then
    if [ -x "$target/debug/fgctl" ]; then "${build[@]}" --quiet; else "${build[@]}"; fi
    return
  fi
  local log
  log=$(mktemp)
  if ! "${build[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    exit 1
  fi
  rm -f "$log"
}
