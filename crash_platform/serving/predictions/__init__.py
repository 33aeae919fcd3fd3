"""The prediction API's own paths: reports in, what the champions say out."""
