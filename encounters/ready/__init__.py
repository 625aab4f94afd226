"""Transcripts that became ready for a partner: triggers note each once, for `encounters.webhooks`."""
