# Needs jq. curl itself retries after 503 and 429, and follows Retry-After.
status=$(curl --silent --show-error --retry 5 --output answer.json --write-out '%{http_code}' \
  "$CHARTERO_URL/external/v1/encounters?limit=500" \
  --header "Authorization: Bearer $CHARTERO_KEY")
if [ "$status" != 200 ]; then
  jq --raw-output '"\(.reason_code) \(.field)"' answer.json
fi
