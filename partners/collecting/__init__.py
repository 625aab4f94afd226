"""The public page where a partner's contact collects an API key by link. It needs no sign-in and sets no cookie."""
