# Needs jq. Prints one encounter per line.
list="$CHARTERO_URL/external/v1/encounters"
window="start_at=2026-01-01T00:00:00Z&end_at=2026-04-01T00:00:00Z"
offset=0
while
  page=$(curl --silent --show-error --fail \
    "$list?$window&sort_order=asc&limit=100&offset=$offset" \
    --header "Authorization: Bearer $CHARTERO_KEY") || break
  printf '%s' "$page" | jq --compact-output '.items[]'
  offset=$((offset + 100))
  [ "$offset" -lt "$(printf '%s' "$page" | jq .total)" ]
do :; done
