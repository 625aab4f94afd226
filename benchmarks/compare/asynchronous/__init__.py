"""FastAPI with SQLAlchemy's asynchronous ORM and asyncpg, as their documentation teaches it."""
