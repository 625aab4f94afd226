"""The textbook: Django REST framework as its own documentation and djangorestframework-api-key's teach it."""
