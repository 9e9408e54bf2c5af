"""Messages about appointments, from the outbox in the database to the mail server."""
