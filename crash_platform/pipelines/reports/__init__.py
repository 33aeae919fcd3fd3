"""Live reports of crashes: from the hub to the view of now, scored on the way."""
