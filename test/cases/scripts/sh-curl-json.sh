curl -fsS -X POST -H 'Content-Type: application/json' \
  -d "{\"day\": \"${dt}\", \"rows\": ${n}, \"tags\": [\"a\", \"b\"]}" \
  "https://example.com/api?x=1&y=2#z"
curl -d '{"raw": "${not_in_scope}", "n": '"${n}"'}' https://example.com
