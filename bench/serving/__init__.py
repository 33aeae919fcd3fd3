"""What an answer costs: the prediction API under a client of its own, beside MLflow's server.

Every server and every client that is measured runs in a process of its own; this only measures.
"""
