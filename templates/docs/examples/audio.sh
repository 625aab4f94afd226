# Needs jq. The second call must not send the key.
document="$CHARTERO_URL/external/v1/encounters/$ENCOUNTER_ID/documents/$DOCUMENT_ID"
audio_url=$(curl --silent --show-error --fail "$document/audio" \
  --header "Authorization: Bearer $CHARTERO_KEY" | jq --raw-output .audio_url)
curl --silent --show-error --fail --output recording "$audio_url"
