"""Weather readings: from the hub to averages by hour and by five minutes."""
