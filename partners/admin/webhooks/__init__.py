"""The pages of webhooks: the endpoints of an organization, one endpoint, its secret, its deliveries and replays."""
