#!/usr/bin/env bash
# Builds and lints the Bicep files without a warning, and finds them formatted. Needs the .NET SDK, which fetches the Bicep CLI.
set -euo pipefail
cd "$(dirname "$0")"

bicep=$(dotnet msbuild tools/bicep.csproj -restore -target:Fetched -getProperty:BicepPath)
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 # ICU need not be installed
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Exit codes tell of errors only, so look for warnings, too.
{
    "$bicep" build-params main.bicepparam --outfile "$work/main.json"
    "$bicep" lint --pattern '**/*.bicep*'
} 2>&1 | tee "$work/findings"
if grep -q ' : Warning ' "$work/findings"; then exit 1; fi

cp -r . "$work/formatted"
(cd "$work/formatted" && "$bicep" format --pattern '**/*.bicep*')
diff -r . "$work/formatted"
