"""How a partner begins: the access requests that staff decide on, and the page that creates an organization."""
