"""What every page shares: the layout, its security headers, the door. Not what a page says."""
