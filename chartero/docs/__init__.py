"""The developer pages for partners' engineers, made from the same catalogues that the API uses."""
