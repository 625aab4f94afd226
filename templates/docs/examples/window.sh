curl --silent --show-error --get "$CHARTERO_URL/external/v1/encounters" \
  --data-urlencode "start_at=2026-01-01T00:00:00+01:00" \
  --data-urlencode "end_at=2026-02-01T00:00:00+01:00" \
  --data-urlencode "sort_order=asc" \
  --header "Authorization: Bearer $CHARTERO_KEY"
