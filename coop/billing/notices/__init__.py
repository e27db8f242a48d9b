"""Written notices of tariffs: sent from here, or by letter and by hand as two people say with what shows it."""
