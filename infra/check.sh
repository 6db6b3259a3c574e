#!/usr/bin/env bash
# Builds and lints the Bicep files without a warning, and finds them formatted. Needs the .NET SDK, which fetches the Bicep CLI.
set -euo pipefail
cd "$(dirname "$0")"

bicep=$(dotnet msbuild tools/bicep.csproj -restore -target:Fetched -getProperty:BicepPath)
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 # where ICU is not installed
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

failed=0
fail() {
    echo "$1" >&2
    failed=1
}

# Both print their findings on standard error; warnings do not show in their exit codes.
"$bicep" build-params main.bicepparam --outfile "$work/main.json" 2>&1 | tee "$work/findings"
for file in *.bicep *.bicepparam modules/*.bicep; do
    "$bicep" lint "$file" 2>&1 | tee -a "$work/findings" || failed=1
    "$bicep" format "$file" --stdout | cmp -s - "$file" || fail "$file is not formatted: bicep format infra/$file"
done
if grep -E ' : (Warning|Error) ' "$work/findings" >/dev/null; then fail 'The Bicep files have warnings or errors.'; fi
exit "$failed"
