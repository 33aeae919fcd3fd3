"""The live feed: reports and what the model said of them, as the speed layer scores them."""
