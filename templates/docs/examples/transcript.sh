document="$CHARTERO_URL/external/v1/encounters/$ENCOUNTER_ID/documents/$DOCUMENT_ID"
curl --silent --show-error "$document/transcript" --header "Authorization: Bearer $CHARTERO_KEY"
