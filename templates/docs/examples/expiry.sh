# Needs jq.
curl --silent --show-error --fail --output key.json "$CHARTERO_URL/external/v1/key" \
  --header "Authorization: Bearer $CHARTERO_KEY" &&
  jq --raw-output '.key.expires_at
    | if . == null then "never"
      else (.[:19] + "Z" | fromdate) - now | . / 86400 | floor
        | if . < 30 then "\(.) days left\n" | halt_error else . end
      end' key.json
