"""All that knows DVC: what is stale, what runs, in which process, and the record of it."""
