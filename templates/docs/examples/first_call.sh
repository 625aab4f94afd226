curl --silent --show-error "$CHARTERO_URL/external/v1/encounters?limit=2" \
  --header "Authorization: Bearer $CHARTERO_KEY"
