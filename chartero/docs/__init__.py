"""The developer pages: what a partner's engineer reads, made from the catalogues that the API itself reads."""
