# Needs jq. Prints one change per line, and then where to continue.
cursor=${CURSOR:-}
while
  page=$(curl --silent --show-error --fail \
    "$CHARTERO_URL/external/v1/changes?limit=1000${cursor:+&cursor=$cursor}" \
    --header "Authorization: Bearer $CHARTERO_KEY") || break
  printf '%s' "$page" | jq --raw-output '.items[] | "\(.change) \(.encounter_id)"'
  cursor=$(printf '%s' "$page" | jq --raw-output .next_cursor)
  [ "$(printf '%s' "$page" | jq .has_more)" = true ]
do :; done
echo "$cursor"
