"""A simulated co-operative whose meters speak real telegrams.

**Makes** people, contracts, meters, weather, a year of deliveries in the formats of real gateways, the faults that real
meters have, the truth behind them, and the meetings and the programme that govern it. **Refuses** to know the services:
it shares no decoder, table or event with them, so that encoder and decoder prove each other.

Start reading with ``plan`` (how chance and time are cut), then ``community``, ``simulation``, ``readout`` and
``stream``.
"""
