"""What every request passes on its way: the middleware, and the content security policy."""
