"""What answers people and programs over HTTP: predictions. Who may ask what is beside it."""
