"""Who gets a message: sessions, shared groups, retained messages, and what is kept of them."""
