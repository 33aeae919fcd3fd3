"""Reports of crashes from the start page: the form, its outbox, the answer, one's own history."""
