# Sourced by the scripts that a person starts: ends them with 2 where Node is missing or too old.
if ! command -v node >/dev/null; then
  echo 'needs Node 20.19 or newer, and Node is missing here' >&2
  exit 2
fi
if ! node -e 'var v = process.versions.node.split("."); process.exit(v[0] > 20 || (v[0] == 20 && v[1] >= 19) ? 0 : 1)'; then
  echo "needs Node 20.19 or newer, this is $(node -p process.versions.node)" >&2
  exit 2
fi
