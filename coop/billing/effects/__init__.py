"""Effects: the bill of each contract under a tariff that is put to the vote."""
