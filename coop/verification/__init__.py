"""A second opinion on what billing keeps, by code that billing does not use.

Nothing here imports a rule of billing: sums, VAT, order and days are reckoned anew, in whole cents and fractions, from
rows as they are stored and from facts as their owners told them. It proves completeness too: what was told is there,
and what is there was told.
"""
