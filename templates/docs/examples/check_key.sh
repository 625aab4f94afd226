curl --silent --show-error --head --output /dev/null --write-out '%{http_code}\n' \
  "$CHARTERO_URL/external/v1/encounters?limit=1" \
  --header "Authorization: Bearer $CHARTERO_KEY"
