"""What every connector is made of: errors, clock, HTTP, auth, paging, throttling, signatures. No vendor is named."""
