#!/usr/bin/env bash
set -euo pipefail
files=(orders customers "line items")
echo "${#files[@]} files, first ${files[0]}, last ${files[-1]}"
for file in "${files[@]}"; do
  echo "${file// /_}.${dt}.csv"
done
unset 'files[1]'
echo "${!files[@]} ${files[@]:1:2}"
