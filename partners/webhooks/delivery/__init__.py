"""The delivery of webhooks: claim what is due, check it, send it, and write down what became of it."""
