curl --silent --show-error "$CHARTERO_URL/external/v1/encounters/$ENCOUNTER_ID" \
  --header "Authorization: Bearer $CHARTERO_KEY"
