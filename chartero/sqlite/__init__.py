"""Django's SQLite backend, whose connections wait for their turn to write in short steps."""
