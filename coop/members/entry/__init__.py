"""Entry: the register kept by hand, one record or one move at a time, looked at before it is written down."""
